# The profiler that QEMU loads: one object for each version of its plugin interface.

plugin_src := $(filter-out runner/plugin/plugin.c,$(wildcard runner/plugin/*.c))
plugin_o := $(patsubst %.c,$(B)/pic/%.o,$(plugin_src) lib/str.c lib/err.c)
plugin_main_o := $(patsubst %,$(B)/pic/runner/plugin/plugin-api%.o,1 2 3)
plugins := $(patsubst %,$(B)/plugin/profile-api%.so,1 2 3)
# What of it knows nothing of QEMU, for the unit tests.
plugin_a := $(B)/plugin.a

all: $(plugins)

$(plugin_o): $(B)/pic/%.o: %.c Makefile VERSION runner/plugin/rules.mk | need-deps
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) -fPIC -fvisibility=hidden -c -o $@ $<

$(plugin_main_o): $(B)/pic/runner/plugin/plugin-api%.o: runner/plugin/plugin.c Makefile \
		runner/plugin/rules.mk | need-deps
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) -fPIC -fvisibility=hidden -DPLUGIN_API=$* -c -o $@ $<

$(plugins): $(B)/plugin/profile-api%.so: $(B)/pic/runner/plugin/plugin-api%.o $(plugin_o)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^

$(plugin_a): $(patsubst %.c,$(B)/pic/%.o,$(plugin_src))
	@rm -f $@; $(AR) rcs $@ $^
