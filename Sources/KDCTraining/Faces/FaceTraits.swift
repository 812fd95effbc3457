import KDCTensor

/// What a drawn person looks like at all times. Lengths are in half face heights, tones in 0 (black) to 1.
struct FacePerson {
  /// Of the head, as a share of its height.
  var width: Float
  var skin: Float
  var hair: Float
  /// How far down the hair reaches; negative is above the middle.
  var hairline: Float
  /// From the middle to an eye.
  var eyeDistance: Float
  var eyeSize: Float
  var noseLength: Float
  /// From the middle to a corner.
  var mouthWidth: Float
  var mouthHeight: Float
  var browThickness: Float
  var glasses: Float = 0
  var beard: Float = 0

  /// The registered users.
  static let all: [FacePerson] = [
    FacePerson(
      width: 0.72, skin: 0.80, hair: 0.12, hairline: -0.62, eyeDistance: 0.29, eyeSize: 0.10, noseLength: 0.24,
      mouthWidth: 0.29, mouthHeight: 0.51, browThickness: 0.04),
    FacePerson(
      width: 0.86, skin: 0.74, hair: 0.40, hairline: -0.56, eyeDistance: 0.37, eyeSize: 0.12, noseLength: 0.20,
      mouthWidth: 0.37, mouthHeight: 0.47, browThickness: 0.05),
    FacePerson(
      width: 0.77, skin: 0.61, hair: 0.08, hairline: -0.70, eyeDistance: 0.32, eyeSize: 0.10, noseLength: 0.31,
      mouthWidth: 0.31, mouthHeight: 0.50, browThickness: 0.055, glasses: 1),
    FacePerson(
      width: 0.88, skin: 0.53, hair: 0.10, hairline: -0.58, eyeDistance: 0.39, eyeSize: 0.11, noseLength: 0.22,
      mouthWidth: 0.34, mouthHeight: 0.48, browThickness: 0.045, beard: 1),
    FacePerson(
      width: 0.70, skin: 0.83, hair: 0.58, hairline: -0.60, eyeDistance: 0.28, eyeSize: 0.11, noseLength: 0.24,
      mouthWidth: 0.28, mouthHeight: 0.53, browThickness: 0.035, glasses: 1),
    FacePerson(
      width: 0.80, skin: 0.66, hair: 0.94, hairline: -0.80, eyeDistance: 0.34, eyeSize: 0.125, noseLength: 0.27,
      mouthWidth: 0.33, mouthHeight: 0.50, browThickness: 0.045, beard: 1),
    FacePerson(
      width: 0.79, skin: 0.70, hair: 0.25, hairline: -0.54, eyeDistance: 0.33, eyeSize: 0.105, noseLength: 0.18,
      mouthWidth: 0.30, mouthHeight: 0.46, browThickness: 0.06),
    FacePerson(
      width: 0.84, skin: 0.58, hair: 0.45, hairline: -0.68, eyeDistance: 0.31, eyeSize: 0.11, noseLength: 0.25,
      mouthWidth: 0.36, mouthHeight: 0.51, browThickness: 0.04, glasses: 1, beard: 1),
    FacePerson(
      width: 0.75, skin: 0.71, hair: 0.70, hairline: -0.64, eyeDistance: 0.36, eyeSize: 0.13, noseLength: 0.33,
      mouthWidth: 0.27, mouthHeight: 0.54, browThickness: 0.045),
  ]

  /// The person on another day: every length and tone a little off.
  func varied(_ generator: inout SplitMix64) -> FacePerson {
    var result = self
    func vary(_ part: WritableKeyPath<FacePerson, Float>, by deviation: Float) {
      result[keyPath: part] += deviation * generator.bell()
    }
    vary(\.width, by: 0.02)
    vary(\.skin, by: 0.03)
    vary(\.hair, by: 0.03)
    vary(\.hairline, by: 0.03)
    vary(\.eyeDistance, by: 0.01)
    vary(\.eyeSize, by: 0.005)
    vary(\.noseLength, by: 0.02)
    vary(\.mouthWidth, by: 0.015)
    vary(\.mouthHeight, by: 0.01)
    vary(\.browThickness, by: 0.005)
    return result
  }
}

/// What a feeling does to a face, as differences from a calm one.
struct FaceExpression {
  /// How far the corners of the mouth rise.
  var smile: Float = 0
  /// Half the height of the open mouth.
  var opening: Float = 0
  /// Factor on the mouth's width, less 1.
  var stretch: Float = 0
  /// How far the brows' inner ends go down for each unit of length.
  var frown: Float = 0
  var browRise: Float = 0
  /// Factor on the eyes' height, less 1.
  var stare: Float = 0

  /// In the order of the classes: calm, happy, sad, angry, surprised, afraid, disgusted.
  static let all: [FaceExpression] = [
    FaceExpression(),
    FaceExpression(smile: 0.17, opening: 0.05, stretch: 0.18, browRise: 0.02, stare: -0.2),
    FaceExpression(smile: -0.15, stretch: -0.08, frown: -0.35, browRise: 0.02, stare: -0.2),
    FaceExpression(smile: -0.08, opening: 0.03, frown: 0.5, browRise: -0.07, stare: -0.2),
    FaceExpression(opening: 0.19, stretch: -0.4, browRise: 0.14, stare: 0.5),
    FaceExpression(smile: -0.07, opening: 0.09, stretch: 0.05, frown: -0.4, browRise: 0.1, stare: 0.4),
    FaceExpression(smile: -0.12, opening: 0.02, stretch: -0.3, frown: 0.25, browRise: -0.04, stare: -0.5),
  ]

  /// The feeling at some strength, a little off.
  func varied(_ generator: inout SplitMix64) -> FaceExpression {
    let strength = generator.number(in: 0.7...1.2)
    func vary(_ value: Float, by deviation: Float) -> Float { strength * value + deviation * generator.bell() }
    return FaceExpression(
      smile: vary(smile, by: 0.025), opening: max(0, vary(opening, by: 0.015)), stretch: vary(stretch, by: 0.06),
      frown: vary(frown, by: 0.08), browRise: vary(browRise, by: 0.02), stare: max(-0.65, vary(stare, by: 0.1)))
  }
}

extension SplitMix64 {
  mutating func number(in range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * Float(unit())
  }

  /// A number of mean 0 and deviation 1, near enough to a normal one: the sum of four even ones, so that it takes no
  /// function that differs between machines.
  mutating func bell() -> Float {
    let bits = next()
    let sum = (0..<4).reduce(UInt64(0)) { $0 + (bits >> ($1 * 16)) & 0xFFFF }
    return (Float(sum) / 65536 - 2) * 1.7320508
  }

  mutating func chance(_ share: Double) -> Bool { unit() < share }
}
