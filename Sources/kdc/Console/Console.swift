import ArgumentParser
import Foundation
import KDCDiagnostics
import Synchronization

/// How kdc ends; scripts rely on these numbers.
enum ExitStatus: Int32 {
  case done = 0
  /// The input or the request is at fault; diagnostics say how.
  case fault = 1
  case usage = 2
  case budgetNotMet = 3
  case verificationFailed = 4
  case internalError = 70
}

/// A command's end with another status than a diagnostic's: a budget that cannot be met, a failed verification.
struct CommandFailure: Error {
  var status: ExitStatus
  /// Printed as it is.
  var message: String
}

/// Where commands write: results to standard output, everything else to standard error.
enum Console {
  /// Prints a result: what a script reads.
  ///
  /// A result that cannot be written is a fault, which `run` ends with. A reader that has gone (`kdc inspect … | head`)
  /// ends the process as the pipe's signal would, without a word.
  static func result(_ text: String) {
    do throws(Diagnostic) {
      try Files.write(Array((text.printableLines + "\n").utf8), to: "-")
    } catch {
      // The signal itself is ignored, so that nothing is left behind.
      if error.message.hasSuffix(String(cString: strerror(EPIPE))) { Leftovers.clearAndExit(128 + SIGPIPE) }
      failedResult.withLock { $0 = $0 ?? error }
    }
  }

  private static let failedResult = Mutex<Diagnostic?>(nil)

  /// Prints what is for people to read: progress, notes.
  static func note(_ text: String) {
    // Where nobody reads notes, the work goes on.
    try? FileHandle.standardError.write(contentsOf: Data((text.printableLines + "\n").utf8))
  }

  static func warn(_ diagnostics: [Diagnostic]) {
    if !diagnostics.isEmpty { note(DiagnosticList(diagnostics).description) }
  }

  /// `value` as JSON with sorted keys to the file `path`, or as the only result where it is "-".
  static func json(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(value), as: UTF8.self).printableJSON
    if path == "-" {
      result(text)
    } else {
      try Files.write(Array((text + "\n").utf8), to: path)
    }
  }
}

extension Console {
  /// A command's findings: as JSON to `path` where that is given, and for people unless the JSON is the only result.
  static func result(_ text: @autoclosure () -> String, or value: some Encodable, to path: String?) throws {
    if let path { try json(value, to: path) }
    if path != "-" { result(text()) }
  }

  /// Runs `body`, the whole of the command line, and gives the status the process ends with.
  static func run(_ body: @Sendable () async throws -> Void) async -> ExitStatus {
    do {
      try await body()
      return unwritten ?? .done
    } catch let diagnostic as Diagnostic {
      note(diagnostic.description)
      return .fault
    } catch let list as DiagnosticList {
      note(list.description)
      if list.grouped.count > 1 { note("\(list.all.count) errors") }
      return .fault
    } catch let failure as CommandFailure {
      note(failure.message)
      return failure.status
    } catch let error as InternalError {
      return unexpected(error.description)
    } catch {
      return ended(by: error)
    }
  }

  /// The fault of results that were not written; nil where all were.
  private static var unwritten: ExitStatus? {
    guard let fault = failedResult.withLock({ $0 }) else { return nil }
    note(fault.description)
    return .fault
  }

  /// Help, version and usage faults come from ArgumentParser; anything else is a fault of kdc.
  private static func ended(by error: any Error) -> ExitStatus {
    let code = KDC.exitCode(for: error)
    if code == .success {
      result(KDC.fullMessage(for: error))
      return unwritten ?? .done
    }
    if let exit = error as? ExitCode { return ExitStatus(rawValue: exit.rawValue) ?? .internalError }
    if code == .validationFailure {
      note(KDC.fullMessage(for: error))
      return .usage
    }
    return unexpected("internal error: \(error)")
  }

  private static func unexpected(_ text: String) -> ExitStatus {
    note(text)
    note(
      "  This is a bug in kdc \(KDC.configuration.version). Please report it with the command line and, where you can, the model."
    )
    return .internalError
  }
}
