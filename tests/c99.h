/* What the tests call of the C API from C. */
#ifdef __cplusplus
extern "C" {
#endif

/* The message of any number, also of one that is no glissade_status. */
const char *c99_status_message(int status);
/* The number of failed expectations of a program in C, the name of the first in *which. */
int c99_failures(const char **which);

#ifdef __cplusplus
}
#endif
