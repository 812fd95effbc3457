import ArgumentParser
import Foundation
import KDCDiagnostics

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
  static func result(_ text: String) { write(text, to: .standardOutput) }

  /// Prints what is for people to read: progress, notes.
  static func note(_ text: String) { write(text, to: .standardError) }

  static func warn(_ diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics { note(diagnostic.description) }
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

  private static func write(_ text: String, to handle: FileHandle) {
    // A closed pipe (`kdc inspect … | head`) is not kdc's fault.
    try? handle.write(contentsOf: Data((text.printableLines + "\n").utf8))
  }
}

extension Console {
  /// Runs `body`, the whole of the command line, and gives the status the process ends with.
  static func run(_ body: @Sendable () async throws -> Void) async -> ExitStatus {
    do {
      try await body()
      return .done
    } catch let diagnostic as Diagnostic {
      note(diagnostic.description)
      return .fault
    } catch let list as DiagnosticList {
      note(list.description)
      if list.all.count > 1 { note("\(list.all.count) errors") }
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

  /// Help, version and usage faults come from ArgumentParser; anything else is a fault of kdc.
  private static func ended(by error: any Error) -> ExitStatus {
    let code = KDC.exitCode(for: error)
    if code == .success {
      result(KDC.fullMessage(for: error))
      return .done
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
