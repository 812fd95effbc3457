/* Running a program that is not trusted, or that must not outlive kdc. In C, since what happens between fork and exec in a program
   with several threads may use nothing of the Swift runtime. */
#pragma once
#include <stdint.h>

typedef struct {
  double seconds;      /* of time, and of processor time on each core; 0: no limit */
  uint64_t data_bytes; /* of memory that is written to; 0: no limit */
  uint64_t file_bytes; /* of a file that it writes; 0: no limit */
} kdc_process_limits;

typedef struct {
  int started;         /* 0, or errno of what failed before the program ran */
  int status;          /* exit code; 128 + the signal's number where a signal ended it */
  int timed_out;
} kdc_process_result;

/* Runs `path` to its end, standard input from /dev/null, standard output and error to the descriptor `output`. The process gets no new
   privileges, a process group of its own, which is killed with it, and is killed when the calling thread ends. */
kdc_process_result kdc_process_run(
    const char *path, char *const *arguments, char *const *environment, int output, const kdc_process_limits *limits);
