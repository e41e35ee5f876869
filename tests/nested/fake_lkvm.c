// SPDX-License-Identifier: BSD-2-Clause
/*
 * In the place of a VMM, in the machine that carries it: prints a console that tells what there is, and more
 * on stderr, which nobody is to see. The first boot dies in its second test, the second one goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int boot_number(void)
{
    FILE *file = fopen("/tmp/boots", "a");

    if (!file)
        exit(1);
    fputc('.', file);
    long count = ftell(file);
    fclose(file);
    return (int)count;
}

static void print_first_boot(const char *image)
{
    printf("# run a.kvm\n%sok 1 a.kvm\n", access("/dev/kvm", R_OK | W_OK) ? "not " : "");
    printf("# run a.dies\n# no end");
    fflush(stdout);
    fprintf(stderr, "Error: %s\n", access(image, R_OK) ? "no image" : "planted");
    abort();
}

int main(int argc, char **argv)
{
    const char *command_line = "", *image = "";
    int boot = boot_number();

    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "-p"))
            command_line = argv[i + 1];
        else if (!strcmp(argv[i], "-k"))
            image = argv[i + 1];
    fputs("Info: not of the console\n", stderr);
    printf("KTAP version 1\n# command line '%s'\n1..4\n", command_line);
    if (boot == 1)
        print_first_boot(image);
    printf("# run a.again\n%sok 3 a.again\n", strstr(command_line, "from=3") ? "" : "not ");
    printf("# run a.bytes\n# \ttabs, \"quotes\", two  blanks\r\nok 4 a.bytes\nEXIT: STATUS=1\n");
    fflush(stdout);
    fputs("Warning: not of the console\n", stderr);
    return 128;
}
