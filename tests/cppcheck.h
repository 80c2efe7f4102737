/* For make lint: jansson's loops, which cppcheck does not see. */
#define json_array_foreach(a, i, v) for (i = 0; (v = json_array_get(a, i)) != NULL; i++)
#define json_object_foreach(o, k, v)                                                               \
	for (k = json_next_key(o); (v = json_object_get(o, k)) != NULL; k = json_next_key(o))
