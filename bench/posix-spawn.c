/*
 * The least there is to do: run a program once for each line of standard input, some at a time.
 *
 *     posix-spawn <at a time> <program> < arguments
 *
 * Each line, without its end, is the program's one argument. It exits 1 when a program did not exit 0.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

/* Waits for one of them. Returns whether it ended well. */
static int one_ends(void)
{
    int status;

    if (wait(&status) < 0) {
        perror("wait");
        exit(2);
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int count, char **words)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int at_once, running = 0, all_well = 1;

    if (count != 3 || (at_once = atoi(words[1])) < 1) {
        fprintf(stderr, "posix-spawn <at a time> <program> < arguments\n");
        return 2;
    }
    while ((length = getline(&line, &room, stdin)) > 0) {
        char *arguments[] = {words[2], line, NULL};
        pid_t pid;
        int error;

        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (running == at_once) {
            all_well &= one_ends();
            running--;
        }
        error = posix_spawn(&pid, words[2], NULL, NULL, arguments, environ);
        if (error != 0) {
            fprintf(stderr, "posix_spawn: %s\n", strerror(error));
            return 2;
        }
        running++;
    }
    for (; running > 0; running--)
        all_well &= one_ends();
    free(line);
    return all_well ? 0 : 1;
}
