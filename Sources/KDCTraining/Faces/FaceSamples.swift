import KDCTensor

/// Drawn faces with labels, for a network with two inputs and four heads: as many as are wanted, without a photograph of
/// anybody.
///
/// | array | shape | content |
/// |---|---|---|
/// | `image` | [n,1,48,48] | a picture in 0…1 |
/// | `frames` | [n,4,24,24] | four successive small ones |
/// | `label:box` | [n,4] | middle, width and height of the face, in 0…1 of the side |
/// | `label:emotion` | [n] | 0…6: calm, happy, sad, angry, surprised, afraid, disgusted |
/// | `label:user` | [n] | 0…8 |
/// | `label:present` | [n,1] | 1: the face moves against its scene; 0: it is a picture that moves with it, or not at all |
///
/// Tones are multiples of 1/63, so that the file packs well and float16 holds all that float32 would.
package enum FaceSamples {
  static let imageSide = 48
  static let frameSide = 24
  static let frameCount = 4

  /// Sample i depends on `seed` and i alone. `count` is at least 1.
  package static func draw(_ count: Int, seed: UInt64, threads: Threads) throws -> [(key: String, tensor: Tensor)] {
    let samples = try parallelMap(count, threads: threads) { index in
      FaceSample(seed: seed &* 0x9FB2_1C65_1E98_DF25 &+ UInt64(index) &* 0xD6E8_FEB8_6659_FD93)
    }
    return [
      ("image", Tensor([count, 1, imageSide, imageSide], .float16(samples.flatMap(\.image)))),
      ("frames", Tensor([count, frameCount, frameSide, frameSide], .float16(samples.flatMap(\.frames)))),
      ("label:box", Tensor([count, 4], samples.flatMap(\.box))),
      ("label:emotion", Tensor([count], samples.map { Int64($0.emotion) })),
      ("label:user", Tensor([count], samples.map { Int64($0.user) })),
      ("label:present", Tensor([count, 1], samples.map { $0.isPresent ? 1 : 0 } as [Float])),
    ]
  }
}

/// One sample: who it is, where, in which mood, and what the camera saw.
struct FaceSample: Sendable {
  let image: [Float16]
  let frames: [Float16]
  let box: [Float]
  let emotion: Int
  let user: Int
  let isPresent: Bool

  init(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    emotion = generator.below(FaceExpression.all.count)
    user = generator.below(FacePerson.all.count)
    isPresent = generator.chance(0.5)
    let size = generator.number(in: 0.26...0.42)
    let face = DrawnFace(
      person: FacePerson.all[user].varied(&generator), expression: FaceExpression.all[emotion].varied(&generator),
      x: 0.5 + generator.number(in: -1...1) * (0.48 - 0.85 * size),
      y: 0.5 + generator.number(in: -1...1) * (0.5 - size), size: size, lean: 0.1 * generator.bell(),
      light: (generator.number(in: -0.2...0.2), generator.number(in: -0.2...0.2)))
    box = face.box
    let scene = FaceScene(&generator)
    let camera = Camera(&generator)

    var cover: FaceScene.Thing?
    if generator.chance(0.2) {
      var thing = FaceScene.Thing(&generator, sizes: 0.03...0.1)
      (thing.x, thing.y) = (face.x + size * (2 * thing.x - 1), face.y + size * (2 * thing.y - 1))
      cover = thing
    }
    image = camera.picture(side: FaceSamples.imageSide, &generator) { x, y, pixel in
      if let cover, cover.covers(x, y) { return cover.tone }
      return face.tone(x, y, over: scene.tone(x, y), pixel: pixel)
    }

    // A person drifts, nods and comes nearer; before a picture of one, only the camera and passers-by move.
    let motion = Motion(&generator)
    var passing = FaceScene.Thing(&generator, sizes: 0.04...0.12)
    let (passingX, passingY) = (0.06 * generator.bell(), 0.06 * generator.bell())
    let hasPassing = generator.chance(0.4)
    var frames: [Float16] = []
    frames.reserveCapacity(FaceSamples.frameCount * FaceSamples.frameSide * FaceSamples.frameSide)
    for frame in 0..<FaceSamples.frameCount {
      let time = Float(frame) - Float(FaceSamples.frameCount - 1) / 2
      let (shakeX, shakeY) = (camera.shake * generator.bell(), camera.shake * generator.bell())
      let moved = isPresent ? motion.moved(face, by: time) : face
      frames += camera.picture(side: FaceSamples.frameSide, &generator) { x, y, pixel in
        if hasPassing && passing.covers(x, y) { return passing.tone }
        return moved.tone(x - shakeX, y - shakeY, over: scene.tone(x - shakeX, y - shakeY), pixel: pixel)
      }
      passing.x += passingX
      passing.y += passingY
    }
    self.frames = frames
  }
}

/// How a living face moves from frame to frame.
private struct Motion {
  private let x: Float
  private let y: Float
  private let growth: Float
  private let lean: Float

  init(_ generator: inout SplitMix64) {
    // A direction that all angles are equally likely for.
    var (x, y): (Float, Float) = (1, 0)
    repeat {
      (x, y) = (generator.number(in: -1...1), generator.number(in: -1...1))
    } while x * x + y * y > 1 || x * x + y * y < 0.01
    let speed = generator.number(in: 0.015...0.05) / (x * x + y * y).squareRoot()
    (self.x, self.y) = (x * speed, y * speed)
    growth = 0.03 * generator.bell()
    lean = 0.05 * generator.bell()
  }

  func moved(_ face: DrawnFace, by time: Float) -> DrawnFace {
    var face = face
    face.x += x * time
    face.y += y * time
    face.size *= 1 + growth * time
    face.lean += lean * time
    return face
  }
}

/// What the camera does to tones.
private struct Camera {
  private let contrast: Float
  private let brightness: Float
  private let noise: Float
  private let flicker: Float
  /// Deviation of its place from frame to frame, in 0…1 of the side.
  let shake: Float

  init(_ generator: inout SplitMix64) {
    contrast = generator.number(in: 0.75...1.15)
    brightness = generator.number(in: -0.08...0.08)
    noise = generator.number(in: 0.02...0.07)
    flicker = generator.number(in: 0...0.05)
    shake = generator.number(in: 0...0.025)
  }

  func picture(
    side: Int, _ generator: inout SplitMix64, _ tone: (_ x: Float, _ y: Float, _ pixel: Float) -> Float
  ) -> [Float16] {
    let pixel = 1 / Float(side)
    let offset = 0.5 + brightness + flicker * generator.bell()
    var result = [Float16](repeating: 0, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        let clean = tone((Float(column) + 0.5) * pixel, (Float(row) + 0.5) * pixel, pixel)
        let seen = (clean - 0.5) * contrast + offset + noise * generator.bell()
        result[row * side + column] = Float16((min(max(seen, 0), 1) * 63).rounded() / 63)
      }
    }
    return result
  }
}
