// SPDX-License-Identifier: BSD-2-Clause
/*
 * In the place of lkvm, in a machine that carries it: prints a console that tells what there is,
 * and more on stderr, which nobody is to see.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *command_line = "";

    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "-p"))
            command_line = argv[i + 1];
    fputs("Info: not of the console\n", stderr);
    printf("KTAP version 1\n# command line '%s'\n1..3\n", command_line);
    printf("# run a.kvm\n%sok 1 a.kvm\n", access("/dev/kvm", R_OK | W_OK) ? "not " : "");
    printf("# run a.image\n%sok 2 a.image\n", access(argv[argc > 3 ? 3 : 0], R_OK) ? "not " : "");
    printf("# run a.bytes\n# \ttabs, \"quotes\", two  blanks\r\nok 3 a.bytes\nEXIT: STATUS=1\n");
    fflush(stdout);
    fputs("Warning: not of the console\n", stderr);
    return 128;
}
