import KDCDiagnostics
import KDCProgram
import KDCTensor
import KDCTraining

extension Program {
  /// Throws KDC3120 where the compiled model gave NaN or infinity for a sample to which the float model gave numbers,
  /// with the first node that did.
  ///
  /// - Parameters:
  ///   - outputs: of the program, by output and sample of `data`.
  ///   - exact: of the float model, at least as many.
  ///   - model: the file it was compiled from.
  func checkFinite(
    _ outputs: [String: [[Float]]], against exact: [String: [[Float]]], on data: DataSet, of model: String
  ) throws {
    for name in outputs.keys.sorted() {
      for (sample, (found, expected)) in zip(outputs[name] ?? [], exact[name] ?? []).enumerated()
      where zip(found, expected).contains(where: { !$0.isFinite && $1.isFinite }) {
        let step = try firstNonFiniteStep(on: data.sample(sample)) ?? name
        throw Diagnostic(
          .nonFiniteInteger, "the int8 model computes NaN or infinity where the float model does not",
          at: Place(file: model, detail: "'\(step)', on the way to output '\(name)', sample \(sample)"),
          hint: "--activations float keeps the model in float; more samples may show the range that the value needs")
      }
    }
  }

  /// The name of the first step that writes NaN, else infinity, into a float buffer.
  func firstNonFiniteStep(on inputs: [String: Tensor]) throws -> String? {
    var interpreter = try Interpreter(self)
    var (firstNaN, firstInfinity): (String?, String?) = (nil, nil)
    _ = try interpreter.run(inputs) { index, memory in
      guard firstNaN == nil else { return }
      for output in self.steps[index].writes where self.buffers[output.index].dataType == .float32 {
        let bytes = memory[output]
        let values = Tensor(TensorType(.float32, [bytes.count / 4]), littleEndianBytes: bytes)?.asFloats ?? []
        if values.contains(where: \.isNaN) { firstNaN = self.steps[index].name }
        if firstInfinity == nil, values.contains(where: \.isInfinite) { firstInfinity = self.steps[index].name }
      }
    }
    return firstNaN ?? firstInfinity
  }
}
