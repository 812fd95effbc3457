import CKDCRuntime

/// Why a model could not be loaded or run.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure; numbers and meanings of `kdc_status` in kdc.h.
  public enum Code: UInt32, Sendable {
    case badArgument = 1, noMemory, damaged, wrongChecksum, unsupportedProcessor, wrongVersion, cannotLoad, noThread
    case notFound, verificationFailed, cutShort, altered, notABundle, wrongMachine, notExecutable
  }
  public let code: Code
  public let message: String
  public var description: String { message }

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  static func check(_ status: kdc_status, _ what: String) throws {
    guard status != KDC_OK else { return }
    throw ModelError(
      Code(rawValue: status.rawValue) ?? .damaged, what + ": " + String(cString: kdc_status_text(status)))
  }
}
