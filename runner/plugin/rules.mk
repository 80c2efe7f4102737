# The profiler that QEMU loads: one object for each version of its plugin interface.

plugin_src := $(wildcard runner/plugin/*.c) lib/str.c lib/err.c
plugin_o := $(patsubst %.c,$(B)/pic/%.o,$(filter-out runner/plugin/plugin.c,$(plugin_src)))
plugins := $(patsubst %,$(B)/plugin/profile-api%.so,1 2 3)
plugin_main_o := $(patsubst %,$(B)/pic/runner/plugin/plugin-api%.o,1 2 3)

all: $(plugins)

$(plugin_o): $(B)/pic/%.o: %.c Makefile VERSION runner/plugin/rules.mk | need-deps
	@mkdir -p $(@D)
	$(CC) $(cflags) -fPIC -fvisibility=hidden -c -o $@ $<

$(plugin_main_o): $(B)/pic/runner/plugin/plugin-api%.o: runner/plugin/plugin.c Makefile runner/plugin/rules.mk | need-deps
	@mkdir -p $(@D)
	$(CC) $(cflags) -fPIC -fvisibility=hidden -DPLUGIN_API=$* -c -o $@ $<

$(plugins): $(B)/plugin/profile-api%.so: $(B)/pic/runner/plugin/plugin-api%.o $(plugin_o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -shared -o $@ $^
