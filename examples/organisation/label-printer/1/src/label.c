#include "label.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

int label(const char *number, char *out, size_t size) {
    int sum = 0;
    size_t length = strlen(number);
    if (length == 0 || length > 12) return 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)number[i])) return 0;
        sum += (number[i] - '0') * (int)(i % 2 ? 3 : 1);
    }
    int written = snprintf(out, size, "QS-%s-%d", number, (10 - sum % 10) % 10);
    return written > 0 && (size_t)written < size;
}
