/* A parcel label as text. */
#ifndef LABEL_H
#define LABEL_H

#include <stddef.h>

/* Writes "QS-<number>-<check digit>" into out; 0 when it does not fit or is no number. */
int label(const char *number, char *out, size_t size);

#endif
