import KDCDiagnostics
import KDCGraph
import KDCOps
import KDCTensor

/// The least-squares problem of one layer: see `Reconstruction`.
struct LayerProblem {
  struct Solution {
    /// New weights and bias; nil where the old ones are better.
    var constants: (weights: Tensor, bias: Tensor)?
    var before: Double
    var after: Double
    var ridge: Double?
  }

  private let linear: LinearLayer
  private let inputs: [Tensor]
  private let residuals: [Tensor]?
  private let clamp: ClosedRange<Float>
  private let targets: [Float]
  /// Channels of the original, and which of them the layer still has.
  private let width: Int
  private let channels: [Int]
  private let positions: [[Int]]
  private let weights: Tensor
  private let bias: [Float]

  init(
    _ layer: LayerWalk.Layer, graph: Graph, targets: [Float], width: Int, channels: [Int], positions: [[Int]]
  ) throws {
    linear = layer.linear
    inputs = layer.inputs
    residuals = layer.residuals
    clamp = layer.part.clamp
    self.targets = targets
    self.width = width
    self.channels = channels
    self.positions = positions
    guard let weights = graph.initializers[layer.part.weights] else { throw InternalError("no weights") }
    self.weights = weights
    bias =
      layer.part.bias.flatMap { graph.initializers[$0]?.floats }
      ?? [Float](repeating: 0, count: linear.groups * linear.outputs)
    let rows = positions.reduce(0) { $0 + $1.count }
    guard channels.count == linear.groups * linear.outputs, targets.count == rows * width else {
      throw InternalError("targets of '\(layer.node.name)' do not fit")
    }
  }

  // MARK: Rows

  /// Rows of some samples for one group: inputs followed by a 1, residuals, and the original's outputs.
  struct Rows: Sendable {
    var count: Int
    var x: [Float]
    var z: [Float]
    var y: [Float]
  }

  private var unknowns: Int { linear.depth + 1 }

  private func rows(of samples: Range<Int>, group: Int) -> Rows {
    let perSample = positions[samples.lowerBound].count
    let count = samples.count * perSample
    let (unknowns, outputs) = (unknowns, linear.outputs)
    var (y, z) = ([Float](), [Float]())
    y.reserveCapacity(count * outputs)
    let x = [Float](count: count * unknowns) { x in
      for (offset, sample) in samples.enumerated() {
        let target = x + offset * perSample * unknowns
        (inputs[sample].floats ?? []).withPointer {
          linear.gather($0, group: group, at: positions[sample], into: target, stride: unknowns)
        }
        for row in 0..<perSample { target[row * unknowns + linear.depth] = 1 }
      }
    }
    for sample in samples {
      let residual = residuals?[sample].floats
      for (row, position) in positions[sample].enumerated() {
        let start = (sample * perSample + row) * width
        for output in 0..<outputs {
          let channel = group * outputs + output
          y.append(targets[start + channels[channel]])
          z.append(residual.map { $0[linear.index(channel: channel, position: position)] } ?? 0)
        }
      }
    }
    return Rows(count: count, x: x, z: z, y: y)
  }

  // MARK: Solution

  /// Samples in 16 blocks (fewer where there are few), every eighth of them held out.
  private var blocks: [Range<Int>] {
    let count = min(16, inputs.count)
    return (0..<count).map { $0 * inputs.count / count..<($0 + 1) * inputs.count / count }.filter { !$0.isEmpty }
  }

  private func isHeldOut(_ block: Int) -> Bool { block % 8 == 5 }

  func solve(_ options: Reconstruction.Options) throws -> Solution {
    var before = 0.0
    var after = 0.0
    var scale = 0.0
    var chosen: Double?
    let size = linear.depth * linear.outputs
    let old = weights.floats ?? []
    var newWeights = old
    var newBias = bias
    let results = try parallelMap(linear.groups, threads: linear.groups > 1 ? options.threads : 1) { group in
      try solve(group: group, options, threads: linear.groups > 1 ? 1 : options.threads)
    }
    for (group, result) in results.enumerated() {
      before += result.before
      after += result.after
      scale += result.scale
      guard let rows = result.rows else { continue }
      chosen = max(chosen ?? 0, result.ridge)
      for output in 0..<linear.outputs {
        for input in 0..<linear.depth {
          newWeights[group * size + output * linear.depth + input] = Float(rows[output * unknowns + input])
        }
        newBias[group * linear.outputs + output] = Float(rows[output * unknowns + linear.depth])
      }
    }
    let norm = max(scale, 1e-30)
    guard chosen != nil else { return Solution(before: before / norm, after: after / norm) }
    return Solution(
      constants: (Tensor(weights.shape, newWeights), Tensor([newBias.count], newBias)), before: before / norm,
      after: after / norm, ridge: chosen)
  }

  private struct GroupSolution: Sendable {
    var rows: [Double]?
    var ridge = 0.0
    /// Squared errors on held-out rows, and the sum of squares of the targets there.
    var before: Double
    var after: Double
    var scale: Double
  }

  /// Normal equations: XᵀX and (Y − Z)ᵀX.
  private struct Moments {
    var a: [Double]
    var b: [Double]
  }

  private func solve(group: Int, _ options: Reconstruction.Options, threads: Threads) throws -> GroupSolution {
    let (unknowns, outputs) = (unknowns, linear.outputs)
    let size = linear.depth * outputs
    var start = [Double](repeating: 0, count: outputs * unknowns)
    if let old = weights.floats {
      for output in 0..<outputs {
        for input in 0..<linear.depth {
          start[output * unknowns + input] = Double(old[group * size + output * linear.depth + input])
        }
        start[output * unknowns + linear.depth] = Double(bias[group * outputs + output])
      }
    }
    let heldOut = blocks.indices.filter(isHeldOut).map { rows(of: blocks[$0], group: group) }
    let (before, scale) = error(start, heldOut)
    var best = GroupSolution(before: before, after: before, scale: scale)
    var center = start
    // A decomposition takes n³ / 3 operations: large layers get one round and few values of λ.
    let isLarge = unknowns > 1024
    let ridges = isLarge ? options.ridges.filter { $0 >= 1e-3 && $0 <= 1e-2 } : options.ridges
    for round in 0...(clamp.lowerBound.isFinite && !isLarge ? max(0, options.activationRounds) : 0) {
      let moments = try moments(group: group, freeing: round == 0 ? nil : center, threads: threads)
      var roundBest: (rows: [Double], error: Double, ridge: Double)?
      for ridge in ridges {
        guard let rows = solve(moments, around: start, ridge: ridge) else { continue }
        let error = error(rows, heldOut).error
        if error < roundBest?.error ?? .infinity { roundBest = (rows, error, ridge) }
      }
      guard let found = roundBest else { break }
      center = found.rows
      guard found.error < best.after else { break }
      best.rows = found.rows
      best.ridge = found.ridge
      best.after = found.error
    }
    return best
  }

  private func solve(_ moments: Moments, around start: [Double], ridge: Double) -> [Double]? {
    let (unknowns, outputs) = (unknowns, linear.outputs)
    var trace = 0.0
    for index in 0..<linear.depth { trace += moments.a[index * unknowns + index] }
    // The floor keeps a layer whose inputs are all zero solvable.
    var lambda = max(ridge * trace / Double(linear.depth), 1e-9)
    for _ in 0..<6 {
      var (a, b) = (moments.a, moments.b)
      for index in 0..<linear.depth { a[index * unknowns + index] += lambda }
      for output in 0..<outputs {
        for input in 0..<linear.depth { b[output * unknowns + input] += lambda * start[output * unknowns + input] }
      }
      if let solution = LAPACK.solve(matrix: a, right: b, n: unknowns, count: outputs) { return solution }
      lambda *= 10
    }
    return nil
  }

  /// Sums over the training blocks, two at a time and added in order. With `free`, targets below the activation's bound
  /// become what `free` gives there, where that is below it too: the activation cuts both.
  private func moments(group: Int, freeing free: [Double]?, threads: Threads) throws -> Moments {
    let (unknowns, outputs) = (unknowns, linear.outputs)
    var total = Moments(
      a: [Double](repeating: 0, count: unknowns * unknowns), b: [Double](repeating: 0, count: outputs * unknowns))
    let training = blocks.indices.filter { !isHeldOut($0) }
    let low = clamp.lowerBound
    let rounded = free.map { $0.map(Float.init) }
    for first in stride(from: 0, to: training.count, by: threads.count) {
      let wave = Array(training[first..<min(first + threads.count, training.count)])
      let parts = try parallelMap(wave.count, threads: threads) { index -> ([Float], [Float]) in
        var rows = rows(of: blocks[wave[index]], group: group)
        if let rounded {
          let predicted = Self.predict(rounded, rows, unknowns, outputs)
          for at in rows.y.indices where rows.y[at] < low { rows.y[at] = min(low, predicted[at]) }
        }
        for at in rows.y.indices { rows.y[at] -= rows.z[at] }
        let a = [Float](count: unknowns * unknowns) { a in
          rows.x.withPointer { x in
            BLAS.gemm(transposeA: true, m: unknowns, n: unknowns, k: rows.count, a: x, b: x, c: a)
          }
        }
        let b = [Float](count: outputs * unknowns) { b in
          rows.x.withPointer { x in
            rows.y.withPointer { y in
              BLAS.gemm(transposeA: true, m: outputs, n: unknowns, k: rows.count, a: y, b: x, c: b)
            }
          }
        }
        return (a, b)
      }
      for (a, b) in parts {
        for index in a.indices { total.a[index] += Double(a[index]) }
        for index in b.indices { total.b[index] += Double(b[index]) }
      }
    }
    return total
  }

  /// X·Wᵀ + b + Z.
  private static func predict(_ weights: [Float], _ rows: Rows, _ unknowns: Int, _ outputs: Int) -> [Float] {
    var result = rows.z
    result.withUnsafeMutableBufferPointer { result in
      guard let c = result.baseAddress else { return }
      rows.x.withPointer { x in
        weights.withPointer { weights in
          BLAS.gemm(transposeB: true, m: rows.count, n: outputs, k: unknowns, a: x, b: weights, beta: 1, c: c)
        }
      }
    }
    return result
  }

  /// Squared error of the activations, and the sum of squares of the wanted ones.
  private func error(_ weights: [Double], _ blocks: [Rows]) -> (error: Double, scale: Double) {
    let rounded = weights.map(Float.init)
    let (low, high) = (clamp.lowerBound, clamp.upperBound)
    var error = 0.0
    var scale = 0.0
    for rows in blocks {
      let predicted = Self.predict(rounded, rows, unknowns, linear.outputs)
      for (p, q) in zip(predicted, rows.y) {
        let (found, wanted) = (min(max(p, low), high), min(max(q, low), high))
        error += Double((found - wanted) * (found - wanted))
        scale += Double(wanted * wanted)
      }
    }
    return (error.isFinite ? error : .infinity, scale)
  }
}
