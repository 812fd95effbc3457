import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor
import Testing

@Suite struct BatchNormalizationTests {
  private let x = Tensor([1, 2, 2], [1, 2, 3, 4] as [Float])
  private func channels(_ a: Float, _ b: Float) -> Tensor { Tensor([2], [a, b]) }

  @Test("BatchNormalization normalises each channel by its stored mean and variance")
  func affine() throws {
    let y = try OperatorCase("BatchNormalization", ["epsilon": .float(0)]).run([
      x, channels(2, 1), channels(0, 5), channels(1, 3), channels(4, 0.25),
    ])
    #expect(isClose(y[0], Tensor([1, 2, 2], [0, 1, 5, 7] as [Float])))
  }

  @Test("Training is KDC2013, parameters of another length KDC2014")
  func faults() {
    let inputs: [Tensor?] = [x, channels(1, 1), channels(0, 0), channels(0, 0), channels(1, 1)]
    #expect(
      OperatorCase("BatchNormalization", ["training_mode": .int(1)]).fault(inputs)?.id == .unsupportedAttribute)
    let short: [Tensor?] = inputs.dropLast() + [Tensor([1], [1] as [Float])]
    #expect(OperatorCase("BatchNormalization").fault(short)?.id == .shapeMismatch)
    #expect(OperatorCase("BatchNormalization").fault(Array(inputs.dropLast()))?.id == .missingInput)
  }
}
