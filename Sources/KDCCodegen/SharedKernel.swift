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
    let variables = varying.enumerated().map { "\(kernels[0].numbers[$0.element].name) = numbers[\($0.offset)]" }
    var text = "KDC_SHARED(\(name)) {\n" + CText.indented(KernelNumber.enumeration(constants))
    for line in KernelNumber.lines(variables) { text += "    const int32_t \(line);\n" }
    text += CText.indented(body) + "\n}\n"
    for kernel in kernels {
      let values = varying.map { "\(kernel.numbers[$0].value)" }.joined(separator: ", ")
      text += function(
        kernel, "  static const int32_t numbers[] = {\(values)};\n  \(name)(b, c, begin, end, numbers);")
    }
    return text
  }

  private func function(_ kernel: Kernel, _ body: String) -> String {
    "KDC_KERNEL(k\(kernel.steps[0])) {\n\(CText.indented(body))\n}\n"
  }

  /// Whether the body names a number: compilers warn of variables that are not used.
  private func isNamed(_ name: String) -> Bool {
    body.split { !($0.isLetter || $0.isNumber || $0 == "_") }.contains { $0 == name }
  }
}
