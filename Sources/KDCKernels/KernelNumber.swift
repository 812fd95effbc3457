/// A number of a kernel's C that has a name there.
///
/// Kernels whose statements are the same share one function, which is called with the numbers in which they differ.
package struct KernelNumber: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The C needs it when it is compiled: the immediate of an instruction, what is unrolled. Kernels with another one
    /// have another function.
    case fixed
    /// The C could as well read it when it runs.
    case varying
    /// The length of an array: in a shared function the greatest of all.
    case most
  }

  package var name: String
  package var value: Int
  package var kind: Kind

  package init(name: String, value: Int, kind: Kind) {
    self.name = name
    self.value = value
    self.kind = kind
  }

  package static func fixed(_ name: String, _ value: Int) -> Self { Self(name: name, value: value, kind: .fixed) }
  package static func varying(_ name: String, _ value: Int) -> Self { Self(name: name, value: value, kind: .varying) }
  package static func most(_ name: String, _ value: Int) -> Self { Self(name: name, value: value, kind: .most) }

  /// `enum { … };` of named constants, a few a line.
  package static func enumeration(_ list: [KernelNumber]) -> String {
    list.isEmpty
      ? "" : "  enum {\n" + lines(list.map { "\($0.name) = \($0.value)" }).map { "    \($0),\n" }.joined() + "  };\n"
  }

  /// Joined by commas, a few a line.
  package static func lines(_ items: [String]) -> [String] {
    stride(from: 0, to: items.count, by: 6).map { start in
      items[start..<min(start + 6, items.count)].joined(separator: ", ")
    }
  }
}
