import CKDCRuntime

/// A compiled model, loaded from a bundle (`model.kdb`).
///
///     let model = try Model(path: "model.kdb")
///     let scores = try model.run(["input": Tensor(pixels, shape: [1, 3, 32, 32])])["logits"]?.floats
///
/// The bundle is a shared object with everything inside; nothing else has to be installed. A model may be used from
/// several threads: runs on one instance take turns, instances are independent and share their weights. What is loaded is a
/// copy: the file may be replaced or overwritten while a model of it is in use.
public final class Model: @unchecked Sendable {
  /// An input or output: row-major, in the shape that the ONNX model had.
  public struct Port: Hashable, Sendable {
    public let name: String
    public let type: ElementType
    public let shape: [Int]
  }

  public let name: String
  /// The processor core that the chosen code was made for, "cortex-a72".
  public let variant: String
  public let inputs: [Port]
  public let outputs: [Port]
  /// Bytes of memory for intermediate tensors.
  public let arenaBytes: Int
  /// The bundle's manifest: JSON.
  public let manifest: String
  private let instance: OpaquePointer

  /// Loads the bundle at `path` and unpacks its weights. Throws `ModelError`; nothing of a file that is cut short, altered or no
  /// bundle is run.
  public convenience init(path: String) throws {
    var instance: OpaquePointer?
    try ModelError.check(kdc_model_load(path, nil, &instance), "cannot load '\(path)'")
    try self.init(instance)
  }

  /// Loads a bundle from memory (through an anonymous file). Throws `ModelError`.
  public convenience init(bytes: [UInt8]) throws {
    var instance: OpaquePointer?
    try ModelError.check(kdc_model_load_memory(bytes, bytes.count, nil, &instance), "cannot load the bundle")
    try self.init(instance)
  }

  /// Another instance of a loaded model, so that two threads need not take turns: code and weights are shared, nothing is read or compared
  /// again. Throws `ModelError`.
  public convenience init(sharing model: Model) throws {
    var instance: OpaquePointer?
    try ModelError.check(kdc_model_load_again(model.instance, nil, &instance), "cannot make another instance")
    try self.init(instance)
  }

  private init(_ opened: OpaquePointer?) throws {
    guard let opened else { throw ModelError(.cannotLoad, "no model") }
    var info = kdc_info()
    kdc_model_info(opened, &info)
    name = String(cString: info.name)
    variant = String(cString: info.variant)
    arenaBytes = Int(info.arena_bytes)
    manifest = String(
      decoding: UnsafeRawBufferPointer(start: info.manifest, count: info.manifest_bytes), as: UTF8.self)
    inputs = (0..<info.input_count).compactMap { Self.port(opened, $0, kdc_model_input) }
    outputs = (0..<info.output_count).compactMap { Self.port(opened, $0, kdc_model_output) }
    instance = opened
    guard inputs.count == info.input_count, outputs.count == info.output_count else {
      throw ModelError(.damaged, "the model's ports are impossible")
    }
  }

  deinit { kdc_model_close(instance) }

  /// One inference. `inputs` has a tensor for each of the model's inputs, with its type and shape; `threads` counts the
  /// calling one, 0 means one for each core. The outputs are the same bytes whatever the number of threads.
  /// Throws `ModelError` with the code `badArgument` where an input is missing or does not fit.
  public func run(_ inputs: [String: Tensor], threads: Int = 1) throws -> [String: Tensor] {
    var given: [Tensor] = []
    for port in self.inputs {
      guard let tensor = inputs[port.name] else {
        throw ModelError(.badArgument, "no input '\(port.name)'; the model takes \(names(of: self.inputs))")
      }
      guard tensor.type == port.type, tensor.shape == port.shape else {
        throw ModelError(
          .badArgument,
          "input '\(port.name)' is \(tensor.type.rawValue)\(tensor.shape), not \(port.type.rawValue)\(port.shape)")
      }
      given.append(tensor)
    }
    for name in inputs.keys.sorted() where !self.inputs.contains(where: { $0.name == name }) {
      throw ModelError(.badArgument, "the model has no input '\(name)'; it takes \(names(of: self.inputs))")
    }
    var results = outputs.map { Tensor(zeros: $0.type, shape: $0.shape) }
    let status = withPointers(given[...]) { sources in
      withMutablePointers(&results, from: 0) { targets in
        kdc_model_run(instance, sources, targets, UInt32(max(0, threads)))
      }
    }
    try ModelError.check(status, "the run failed")
    return Dictionary(zip(outputs.map(\.name), results), uniquingKeysWith: { first, _ in first })
  }

  /// Recomputes the bundle's golden vectors; throws `ModelError` where an output differs.
  public func verify(threads: Int = 1) throws {
    try ModelError.check(kdc_model_verify(instance, UInt32(max(0, threads))), "verification failed")
  }

  private static func port(
    _ instance: OpaquePointer, _ index: UInt32,
    _ describe: (OpaquePointer?, UInt32, UnsafeMutablePointer<kdc_tensor>?) -> kdc_status
  ) -> Port? {
    var tensor = kdc_tensor()
    guard describe(instance, index, &tensor) == KDC_OK, let type = ElementType(code: tensor.dtype), tensor.rank <= 8
    else { return nil }
    let shape = withUnsafeBytes(of: tensor.shape) { Array($0.bindMemory(to: Int64.self).prefix(Int(tensor.rank))) }
    return Port(name: String(cString: tensor.name), type: type, shape: shape.map(Int.init))
  }

  private func names(of ports: [Port]) -> String { ports.map { "'\($0.name)'" }.joined(separator: ", ") }

  /// Calls `body` with the addresses of all tensors' bytes; each level holds one tensor.
  private func withPointers<R>(
    _ tensors: ArraySlice<Tensor>, _ known: [UnsafeRawPointer?] = [], _ body: ([UnsafeRawPointer?]) -> R
  ) -> R {
    guard let first = tensors.first else { return body(known) }
    return first.bytes.withUnsafeBytes { withPointers(tensors.dropFirst(), known + [$0.baseAddress], body) }
  }

  private func withMutablePointers<R>(
    _ tensors: inout [Tensor], from index: Int, _ known: [UnsafeMutableRawPointer?] = [],
    _ body: ([UnsafeMutableRawPointer?]) -> R
  ) -> R {
    guard index < tensors.count else { return body(known) }
    var bytes = tensors[index].bytes
    tensors[index].bytes = []
    defer { tensors[index].bytes = bytes }
    return bytes.withUnsafeMutableBytes {
      withMutablePointers(&tensors, from: index + 1, known + [$0.baseAddress], body)
    }
  }
}
