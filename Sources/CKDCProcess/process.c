#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "include/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void limit(int what, uint64_t most) {
  struct rlimit both = {most, most}, now;
  if (!getrlimit(what, &now) && now.rlim_max < both.rlim_max) both.rlim_cur = both.rlim_max = now.rlim_max;
  setrlimit(what, &both);
}

/* In the child. */
static void become(
    const char *path, char *const *arguments, char *const *environment, int output, const kdc_process_limits *limits, pid_t parent,
    int report) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (getppid() != parent) _exit(127); /* it ended before the line above */
  int null = open("/dev/null", O_RDONLY);
  if (null >= 0) dup2(null, 0);
  dup2(output, 1);
  dup2(output, 2);
  limit(RLIMIT_CORE, 0);
  /* Sixteen cores may spend it sixteen times as fast; the clock is looked at by the parent. */
  if (limits->seconds > 0) limit(RLIMIT_CPU, (uint64_t)(limits->seconds * 16) + 1);
  if (limits->data_bytes) limit(RLIMIT_DATA, limits->data_bytes);
  if (limits->file_bytes) limit(RLIMIT_FSIZE, limits->file_bytes);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  execve(path, arguments, environment);
  int why = errno;
  ssize_t ignored = write(report, &why, sizeof why);
  (void)ignored;
  _exit(127);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

kdc_process_result kdc_process_run(
    const char *path, char *const *arguments, char *const *environment, int output, const kdc_process_limits *limits) {
  kdc_process_result result = {0, 0, 0};
  int report[2]; /* closed by exec: then there is nothing to read */
  if (pipe2(report, O_CLOEXEC)) return result.started = errno, result;
  pid_t parent = getpid(), child = fork();
  if (child < 0) {
    result.started = errno;
    close(report[0]);
    close(report[1]);
    return result;
  }
  if (child == 0) become(path, arguments, environment, output, limits, parent, report[1]);
  close(report[1]);
  ssize_t got;
  do got = read(report[0], &result.started, sizeof result.started);
  while (got < 0 && errno == EINTR);
  if (got <= 0) result.started = 0;
  close(report[0]);
  int status = 0;
  for (double end = now() + limits->seconds; limits->seconds > 0;) {
    if (now() > end) {
      result.timed_out = 1;
      break;
    }
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) && errno != EINTR) break;
    if (info.si_pid) break;
    nanosleep(&(struct timespec){0, 5000000}, NULL);
  }
  /* What it started has no business when it has ended, or must end with it. The child itself is not reaped yet: its number, and
     with it that of the group, cannot be another's. */
  if (limits->seconds > 0) kill(-child, SIGKILL);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}
