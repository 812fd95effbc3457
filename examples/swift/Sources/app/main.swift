#if canImport(Glibc)
  import Glibc
#endif
import KDCRuntime

// Runs a bundle once on zeros: swift run app model.kdb
guard let path = CommandLine.arguments.dropFirst().first else {
  print("usage: app model.kdb")
  exit(2)
}

do {
  let model = try Model(path: path)
  print("\(model.name): code for \(model.variant), arena \(model.arenaBytes) bytes")
  var inputs: [String: Tensor] = [:]
  for port in model.inputs where port.type == .float32 {
    inputs[port.name] = Tensor([Float](repeating: 0, count: port.shape.reduce(1, *)), shape: port.shape)
  }
  for (name, output) in try model.run(inputs, threads: 0).sorted(by: { $0.key < $1.key }) {
    print(name, output.type, output.shape, output.floats?.prefix(4) ?? [])
  }
} catch {
  print(error)
  exit(1)
}
