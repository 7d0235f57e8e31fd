/* labels print NUMBER prints one label; labels PORT serves them at /labels/NUMBER. */
#include "label.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(int to, const char *status, const char *body) {
    char text[512];
    int length = snprintf(text, sizeof text,
        "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nX-Frame-Options: DENY\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n\r\n%s",
        status, strlen(body), body);
    if (length > 0 && (size_t)length < sizeof text && write(to, text, (size_t)length) < 0) perror("write");
}

static void serve_one(int to) {
    char request[2048], number[16], text[32];
    ssize_t got = read(to, request, sizeof request - 1);
    if (got <= 0) return;
    request[got] = 0;
    if (strncmp(request, "GET /health ", 12) == 0) {
        answer(to, "200 OK", "well\n");
    } else if (sscanf(request, "GET /labels/%15[0-9] ", number) == 1 && label(number, text, sizeof text)) {
        answer(to, "200 OK", text);
    } else {
        answer(to, "404 Not Found", "no such label\n");
    }
}

static int serve(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int yes = 1, all = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(all, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(all, (struct sockaddr *)&address, sizeof address) || listen(all, 16)) return perror("labels"), 1;
    for (;;) {
        int one = accept(all, NULL, NULL);
        if (one < 0) continue;
        struct timeval patience = {.tv_sec = 2};
        setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        serve_one(one);
        close(one);
    }
}

int main(int count, char **arguments) {
    char text[32];
    if (count == 3 && strcmp(arguments[1], "print") == 0) {
        if (!label(arguments[2], text, sizeof text)) return 1;
        return puts(text) < 0;
    }
    return count == 2 ? serve(atoi(arguments[1])) : 2;
}
