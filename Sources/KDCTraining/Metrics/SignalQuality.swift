import Glibc
import KDCTensor

/// How near an output is to what it should be, as a signal: as a whole, and in groups of channels of like size.
///
/// A large common part hides everything: the signal is what the wanted values differ by from their means over the
/// samples, element by element. Where they do not differ (one sample, a constant), it is the values themselves.
package struct SignalQuality: Sendable {
  /// Channels that are judged by themselves: coordinates beside scores, states packed into one output.
  package struct Group: Sendable, Codable, Equatable {
    /// Along `axis` of the output, ascending.
    package var channels: [Int]
    package var axis: Int
    /// Root mean square of the wanted values.
    package var magnitude: Double
    /// Of all samples' values as one vector; nil where either is all zeros.
    package var cosine: Double?
    /// In decibels; nil where nothing differs. Where all should be zeros, the signal counts as 1.
    package var signalToNoise: Double?
  }

  /// Power of the difference over that of the signal; of the worst group.
  package let noise: Double
  /// The output as a whole.
  package let whole: Group
  /// Empty where all channels are of like size.
  package let groups: [Group]

  /// Neighbours in order of size that differ by more than this belong to different groups.
  private static let ratio = 8.0
  /// What varies by less than this share of its power is a constant to 8 bits.
  private static let constantShare = 1e-7
  /// Channels smaller than this share of the largest are zeros but for rounding.
  private static let zeroShare = 1e-6

  /// - Parameters:
  ///   - head: an embedding and the scores of classes are one group, whatever their channels' sizes.
  ///   - outputs: finite values, one array per sample, as `wanted`. Returns nil where there are none, or their counts differ.
  package init?(_ head: Head, outputs: [[Float]], wanted: [[Float]]) {
    // Types may be missing; then the values are a vector.
    let count = wanted.first?.count ?? 0
    let shape = head.shape.count == count ? head.shape : [1, count]
    guard count > 0, outputs.count == wanted.count,
      zip(outputs, wanted).allSatisfy({ $0.count == count && $1.count == count })
    else { return nil }
    let powers = Powers(outputs, wanted, count: count)
    let all = Array(0..<count)
    whole = powers.group(all, channels: [], axis: 0)
    let parts = Self.hasGroups(head) ? Self.split(powers.power, shape: shape) : nil
    guard let parts else {
      groups = []
      noise = powers.noise(all)
      return
    }
    groups = parts.groups.map { channels in
      powers.group(parts.elements(of: channels, shape: shape), channels: channels, axis: parts.axis)
    }
    noise = parts.groups.map { powers.noise(parts.elements(of: $0, shape: shape)) }.max() ?? 0
  }

  /// The group with the lowest signal-to-noise ratio; the whole where there are no groups.
  package var lowest: Group {
    groups.min { ($0.signalToNoise ?? .infinity) < ($1.signalToNoise ?? .infinity) } ?? whole
  }

  private static func hasGroups(_ head: Head) -> Bool {
    switch head.kind {
    case .classes, .sign, .independent, .box: false
    case .values: head.output != .embedding
    }
  }

  /// Channels along one axis, in groups.
  private struct Split {
    let axis: Int
    let groups: [[Int]]

    /// Indices into a sample's values.
    func elements(of channels: [Int], shape: Shape) -> [Int] {
      let stride = shape.strides[axis]
      let block = stride * shape[axis]
      return channels.flatMap { channel in
        Swift.stride(from: channel * stride, to: shape.count, by: block).flatMap { $0..<$0 + stride }
      }
    }
  }

  /// More are places, not channels.
  private static let mostChannels = 1024

  /// Axes that may be channels: 1 or the last, in maps whichever of them is not one of two equal sides; and the first where
  /// it is no batch of 1, as states of several layers have it.
  private static func channelAxes(_ shape: Shape) -> [Int] {
    let inner: [Int] =
      switch shape.rank {
      case 0, 1: []
      case 2: [1]
      case 3: [1, 2]
      case 4 where (shape[1] == shape[2]) != (shape[2] == shape[3]): [shape[2] == shape[3] ? 1 : 3]
      case 4 where shape[1] == shape[3]: [1, 3]
      case 4: [shape[1] < shape[3] ? 1 : 3]
      default: [1]
      }
    return ((shape.rank > 0 ? [0] : []) + inner).filter { (2...mostChannels).contains(shape[$0]) }
  }

  /// The axis along which sizes differ most, where there are groups.
  private static func split(_ power: [Double], shape: Shape) -> Split? {
    var best: (spread: Double, split: Split)?
    for axis in channelAxes(shape) {
      let channels = shape[axis]
      let stride = shape.strides[axis]
      var sums = [Double](repeating: 0, count: channels)
      for index in power.indices { sums[index / stride % channels] += power[index] }
      let sizes = sums.map { ($0 * Double(channels) / Double(power.count)).squareRoot() }
      let largest = sizes.max() ?? 0
      let order = sizes.indices.filter { sizes[$0] > largest * zeroShare }.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
      var groups: [[Int]] = []
      for (place, channel) in order.enumerated() {
        if place == 0 || sizes[order[place - 1]] > ratio * sizes[channel] { groups.append([]) }
        groups[groups.count - 1].append(channel)
      }
      guard groups.count > 1, let last = order.last else { continue }
      let spread = largest / sizes[last]
      if spread > best?.spread ?? 0 { best = (spread, Split(axis: axis, groups: groups.map { $0.sorted() })) }
    }
    return best?.split
  }

  /// Sums over the samples by element.
  private struct Powers {
    /// Σ wanted², Σ (wanted − mean)², Σ (output − wanted)², Σ output², Σ output · wanted.
    private(set) var power: [Double]
    private let samples: Double
    private var signal: [Double]
    private var difference: [Double]
    private var own: [Double]
    private var product: [Double]

    init(_ outputs: [[Float]], _ wanted: [[Float]], count: Int) {
      samples = Double(wanted.count)
      let zeros = [Double](repeating: 0, count: count)
      (power, signal, difference, own, product) = (zeros, zeros, zeros, zeros, zeros)
      var means = zeros
      for row in wanted {
        for index in 0..<count { means[index] += Double(row[index]) / samples }
      }
      // The mean of n samples takes 1 / n of the variance away.
      let unbiased = samples > 1 ? samples / (samples - 1) : 0
      for (values, row) in zip(outputs, wanted) {
        for index in 0..<count {
          let (x, y) = (Double(values[index]), Double(row[index]))
          power[index] += y * y
          signal[index] += unbiased * (y - means[index]) * (y - means[index])
          difference[index] += (x - y) * (x - y)
          own[index] += x * x
          product[index] += x * y
        }
      }
    }

    private func sum(_ values: [Double], _ elements: [Int]) -> Double { elements.reduce(0) { $0 + values[$1] } }

    /// Noise over signal; what should be zero and is not counts as it is.
    func noise(_ elements: [Int]) -> Double {
      let (noise, power, varying) = (sum(difference, elements), sum(power, elements), sum(signal, elements))
      let signal = varying > constantShare * power ? varying : power
      return signal > 0 ? noise / signal : noise
    }

    func group(_ elements: [Int], channels: [Int], axis: Int) -> Group {
      let (noise, power) = (noise(elements), sum(power, elements))
      let lengths = (power * sum(own, elements)).squareRoot()
      return Group(
        channels: channels, axis: axis, magnitude: (power / Double(max(elements.count, 1)) / samples).squareRoot(),
        cosine: lengths > 0 ? sum(product, elements) / lengths : nil,
        signalToNoise: noise > 0 ? -10 * log10(noise) : nil)
    }
  }
}
