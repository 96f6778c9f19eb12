/// One line of a digest cache.
struct DigestEntry: Equatable {
  let digest: String
  let identity: FileIdentity
  let name: String

  /// `nil` when the line would not read back: a digest of the wrong form, or a name with a line break.
  init?(digest: String, identity: FileIdentity, name: String) {
    guard Self.isDigest(digest), !name.isEmpty, !name.utf8.contains(UInt8(ascii: "\n")) else { return nil }
    (self.digest, self.identity, self.name) = (digest, identity, name)
  }

  init?(line: String) {
    let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: false)
    guard fields.count == 6, let device = UInt64(fields[1]), let inode = UInt64(fields[2]),
      let size = Int64(fields[3]), let modified = Int64(fields[4])
    else { return nil }
    let identity = FileIdentity(device: device, inode: inode, size: size, modified: modified)
    self.init(digest: String(fields[0]), identity: identity, name: String(fields[5]))
  }

  var line: String {
    "\(digest) \(identity.device) \(identity.inode) \(identity.size) \(identity.modified) \(name)"
  }

  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}
