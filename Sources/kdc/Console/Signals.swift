import Foundation
import KDCDiagnostics

/// What ends kdc from outside.
enum Signals {
  private static let handled = [SIGINT, SIGTERM, SIGHUP]

  /// From now on INT, TERM and HUP remove what is unfinished and end the process with 128 + the signal's number. Those
  /// that are ignored (nohup) stay so. A write to a pipe that nobody reads is an error of that write. To be called before
  /// there are other threads.
  static func handle() {
    signal(SIGPIPE, SIG_IGN)
    var waited = sigset_t()
    sigemptyset(&waited)
    for number in handled where !isIgnored(number) { sigaddset(&waited, number) }
    var before = sigset_t()
    // Threads made later have the mask too: these signals come to the one that waits, which may use locks and memory as a
    // handler may not.
    pthread_sigmask(SIG_BLOCK, &waited, &before)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        var waited = sigset_t()
        sigemptyset(&waited)
        for number in Signals.handled where !Signals.isIgnored(number) { sigaddset(&waited, number) }
        var number: Int32 = 0
        while sigwait(&waited, &number) != 0 {}
        Leftovers.clearAndExit(128 + number)
      }, nil)
    // Without the thread signals end the process as they always do.
    if code != 0 { pthread_sigmask(SIG_SETMASK, &before, nil) }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}

/// Standard input, output and errors.
enum StandardStreams {
  /// Opens those that are closed, so that no other file takes their numbers; writing to them is still an error.
  static func open() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free.
      _ = Glibc.open("/dev/null", O_RDONLY)
    }
  }
}
