/// Sections of machine code in a bundle.
package enum CodeSection {
  /// Begins the names of sections with code that not every core of the architecture can run; all other code can run
  /// anywhere.
  package static let prefix = "kdc_code_"
}
