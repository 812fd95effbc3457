import Foundation
import Glibc

/// Ends the process where a model does what none may: traps, or takes too long. What is printed then says which model it
/// was; whoever started the process goes on with the next.
enum Watch {
  static let seconds = 10
  static let megabytes = 1024
  /// Exit code of a process that was ended by a model.
  static let ended: Int32 = 3

  /// "NUMBER ACCEPTED REFUSED ", the model at hand and those before it; a signal handler may only write.
  nonisolated(unsafe) private static let line = UnsafeMutablePointer<CChar>.allocate(capacity: 128)

  static func start() {
    // Overflows of the stack need another one to be told on.
    var stack = stack_t()
    stack.ss_size = 1 << 16
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stack.ss_size, alignment: 16)
    sigaltstack(&stack, nil)
    for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGPROF] {
      var action = sigaction()
      action.sa_flags = Int32(bitPattern: UInt32(SA_ONSTACK))
      action.__sigaction_handler.sa_handler = { signal in
        Watch.write("ended ")
        _ = Glibc.write(1, Watch.line, strlen(Watch.line))
        Watch.write(signal == SIGPROF ? "over 10 s of processor time\n" : signal == SIGABRT ? "abort\n" : "trap\n")
        _exit(Watch.ended)
      }
      sigaction(signal, &action, nil)
    }
    // What a runaway may take before the system has to say no.
    var limit = rlimit(rlim_cur: 12 << 30, rlim_max: 12 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  private static func write(_ text: StaticString) { _ = Glibc.write(1, text.utf8Start, text.utf8CodeUnitCount) }

  static func begin(_ number: UInt64, accepted: Int, refused: Int) {
    let text = "\(number) \(accepted) \(refused) "
    _ = text.withCString { strncpy(line, $0, 127) }
    var timer = itimerval()
    timer.it_value.tv_sec = seconds
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  static func stop() {
    var timer = itimerval()
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  /// The most memory that the process has had.
  static var peakMegabytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss >> 10
  }
}
