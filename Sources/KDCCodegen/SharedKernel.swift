import KDCKernels

/// Steps whose C differs in numbers alone, which one function computes.
package struct SharedKernel {
  /// Steps with the same numbers, in order.
  package struct Kernel {
    package var numbers: [KernelNumber]
    package var steps: [Int]
  }

  let body: String
  package private(set) var kernels: [Kernel]

  package var isShared: Bool { kernels.count > 1 }
  package var steps: [Int] { kernels.flatMap(\.steps).sorted() }

  /// Of all steps, in the order of the first of each.
  package static func all(of codes: [KernelCode]) -> [SharedKernel] {
    struct Key: Hashable {
      var body: String
      /// Fixed numbers, and the names of the others.
      var numbers: [KernelNumber]
    }
    var functions: [SharedKernel] = []
    var known: [Key: Int] = [:]
    for (step, code) in codes.enumerated() {
      let fixed = code.numbers.map { $0.kind == .fixed ? $0 : KernelNumber(name: $0.name, value: 0, kind: $0.kind) }
      let index = known[Key(body: code.body, numbers: fixed), default: functions.count]
      if index == functions.count {
        known[Key(body: code.body, numbers: fixed)] = index
        functions.append(SharedKernel(body: code.body, kernels: []))
      }
      if let twin = functions[index].kernels.firstIndex(where: { $0.numbers == code.numbers }) {
        functions[index].kernels[twin].steps.append(step)
      } else {
        functions[index].kernels.append(Kernel(numbers: code.numbers, steps: [step]))
      }
    }
    return functions
  }

  package var text: String {
    guard isShared else { return function(kernels[0], KernelNumber.enumeration(kernels[0].numbers) + body) }
    var constants: [KernelNumber] = []
    var varying: [Int] = []
    for (index, number) in kernels[0].numbers.enumerated() {
      let values = kernels.map { $0.numbers[index].value }
      if number.kind == .most || values.allSatisfy({ $0 == number.value }) {
        constants.append(KernelNumber(name: number.name, value: values.max() ?? 0, kind: number.kind))
      } else if isNamed(number.name) {
        varying.append(index)
      }
    }
    let name = "shared\(steps[0])"
    let numbers = kernels[0].numbers
    let locals = varying.map { variable(numbers[$0].name) }
    var body = body
    for (index, local) in zip(varying, locals) { body = replacing(numbers[index].name, with: local, in: body) }
    var text = "typedef struct {\n"
    for line in KernelNumber.lines(locals) { text += "  int32_t \(line);\n" }
    text += "} \(name)_numbers;\nKDC_SHARED(\(name)) {\n" + KernelNumber.enumeration(constants)
    for line in KernelNumber.lines(locals.map { "\($0) = numbers->\($0)" }) { text += "  const int32_t \(line);\n" }
    text += Self.inFunction(body) + "\n}\n"
    for kernel in kernels {
      let values = zip(varying, locals).map { ".\($1) = \(kernel.numbers[$0].value)" }
      text += function(
        kernel,
        "  static const \(name)_numbers numbers = {\n"
          + KernelNumber.lines(values).map { "      \($0),\n" }.joined()
          + "  };\n  \(name)(b, c, begin, end, &numbers);")
    }
    return text
  }

  /// A variable for a number that differs: its name in lower case, as long as the body has no such variable.
  private func variable(_ name: String) -> String {
    let lower = name.lowercased()
    return isNamed(lower) ? "layer_" + lower : lower
  }

  private func replacing(_ name: String, with other: String, in text: String) -> String {
    var result = ""
    var rest = text[...]
    while let range = rest.firstRange(of: name) {
      let isWhole =
        rest[..<range.lowerBound].last.map(Self.isPart) != true
        && rest[range.upperBound...].first.map(Self.isPart) != true
      result += rest[..<range.lowerBound] + (isWhole ? other : name)
      rest = rest[range.upperBound...]
    }
    return result + rest
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private func function(_ kernel: Kernel, _ body: String) -> String {
    "KDC_KERNEL(k\(kernel.steps[0])) {\n\(Self.inFunction(body))\n}\n"
  }

  /// Two columns further in than the function, wherever the text stands.
  private static func inFunction(_ text: String) -> String {
    let margin =
      text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return CText.indented(text, by: max(0, 2 - margin))
  }

  /// Whether the body names a number: compilers warn of variables that are not used.
  private func isNamed(_ name: String) -> Bool {
    body.split { !Self.isPart($0) }.contains { $0 == name }
  }
}
