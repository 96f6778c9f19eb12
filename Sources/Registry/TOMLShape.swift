/// What a value must look like to be taken, and what is made of it.
struct TOMLShape<Value> {
  let read: (TOMLNode) throws(Mismatch) -> Value
}

/// Why a value is not of a shape.
struct Mismatch: Error {
  let message: String

  init(_ message: String) {
    self.message = message
  }

  static func expected(_ what: String, _ node: TOMLNode) -> Mismatch {
    Mismatch("must be \(what), not \(node.kind)")
  }
}

extension TOMLShape where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> TOMLShape {
    TOMLShape { node throws(Mismatch) in
      guard case .integer(let value) = node else { throw .expected("an integer", node) }
      guard range.contains(value) else {
        throw Mismatch("must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
      }
      return value
    }
  }

  /// Width or height in pixels.
  static var side: TOMLShape {
    TOMLShape { node throws(Mismatch) in
      let value = try integer(64...2048).read(node)
      guard value % 8 == 0 else { throw Mismatch("must be a multiple of 8, not \(value)") }
      return value
    }
  }
}

extension TOMLShape where Value == Bool {
  static var boolean: TOMLShape {
    TOMLShape { node throws(Mismatch) in
      guard case .boolean(let value) = node else { throw .expected("a boolean", node) }
      return value
    }
  }
}

extension TOMLShape where Value == Double {
  /// A float or an integer.
  static func number(_ range: ClosedRange<Double>) -> TOMLShape {
    TOMLShape { node throws(Mismatch) in
      let value: Double
      switch node {
      case .integer(let whole): value = Double(whole)
      case .number(let number): value = number
      default: throw .expected("a number", node)
      }
      guard range.contains(value) else {
        throw Mismatch("must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
      }
      return value
    }
  }
}

extension TOMLShape {
  static func list<Element>(
    of element: TOMLShape<Element>, upTo most: Int
  ) -> TOMLShape where Value == [Element] {
    TOMLShape { node throws(Mismatch) in
      guard case .array(let nodes) = node else { throw .expected("an array", node) }
      guard nodes.count <= most else { throw Mismatch("must have at most \(most) elements") }
      var values: [Element] = []
      for (index, node) in nodes.enumerated() {
        do throws(Mismatch) {
          values.append(try element.read(node))
        } catch {
          throw Mismatch("element \(index + 1) \(error.message)")
        }
      }
      return values
    }
  }
}
