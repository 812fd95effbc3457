/// Elements of x [batch, channels, sizes…] between its elements, at the places that `grid` [batch, points, axes] gives, the last
/// axis first: y [batch, channels, points], float32.
///
/// Along each axis the weighted elements are added up in ascending order, from 0, the last axis innermost:
/// Σ_z w_z · (Σ_y w_y · (Σ_x w_x · element)). `GridSampling` says which ones, and their weights.
package struct GridSampleStep: SingleOutputStep {
  package static let kind = "gridSample"
  package var name: String
  package var sampling: GridSampling
  package var input: BufferID
  package var grid: BufferID
  package var output: BufferID
  package var batch, channels, points: Int
  /// Two or three.
  package var sizes: [Int]

  package init(
    name: String, sampling: GridSampling, input: BufferID, grid: BufferID, output: BufferID, batch: Int, channels: Int,
    points: Int, sizes: [Int]
  ) {
    self.name = name
    self.sampling = sampling
    self.input = input
    self.grid = grid
    self.output = output
    self.batch = batch
    self.channels = channels
    self.points = points
    self.sizes = sizes
  }
  package var reads: [BufferID] { [input, grid] }
}

extension GridSampleStep {
  package var detail: String {
    "\(sampling.mode.rawValue), \(sampling.padding.rawValue), \(points) points of \(sizes) × \(channels)"
  }

  /// Elements of one channel.
  package var plane: Int { sizes.reduce(1, *) }

  package func run(_ memory: inout Memory) {
    let x = UnsafePointer(memory.pointer(input, as: Float.self))
    let places = UnsafePointer(memory.pointer(grid, as: Float.self))
    let y = memory.pointer(output, as: Float.self)
    let axes = sizes.count
    for n in 0..<batch {
      for point in 0..<points {
        let place = places + (n &* points &+ point) &* axes
        let taps = sizes.indices.map { sampling.taps(place[axes - 1 - $0], sizes[$0]) }
        for c in 0..<channels {
          let source = x + (n &* channels &+ c) &* plane
          y[(n &* channels &+ c) &* points &+ point] = sum(taps[...], at: 0, of: source)
        }
      }
    }
  }

  /// nil: what was picked so far is outside.
  private func sum(
    _ taps: ArraySlice<[(element: Int?, weight: Float)]>, at base: Int?, of source: UnsafePointer<Float>
  ) -> Float {
    guard let own = taps.first else { return base.map { source[$0] } ?? 0 }
    let stride = sizes[(sizes.count - taps.count + 1)...].reduce(1, *)
    var result: Float = 0
    for tap in own {
      let next = base.flatMap { base in tap.element.map { base + $0 * stride } }
      result = result + tap.weight * sum(taps.dropFirst(), at: next, of: source)
    }
    return result
  }

  package func check(_ check: inout StepCheck) {
    check.require((2...3).contains(sizes.count), "\(sizes.count) axes")
    for size in sizes { check.range(size, 1...GridSampling.farthest - 4, named: "size") }
    guard check.faults.isEmpty else { return }
    let dims = sizes + (sizes.count == 2 ? [1] : [])
    check.buffer(input, batch, channels, dims[0], dims[1], dims[2], bytes: 4, named: "input")
    check.buffer(grid, batch, points, sizes.count, bytes: 4, named: "grid")
    check.buffer(output, batch, channels, points, bytes: 4, named: "output")
    check.require(input != output && grid != output, "input and output are the same buffer")
  }
}
