/// What was used last, by what it was made for; at most a few.
struct RecentlyUsed<Key: Hashable, Value> {
  private struct Entry {
    let key: Key
    let value: Value
    var lastUse: Int
  }

  private var entries: [Entry] = []
  /// Uses so far.
  private var uses = 0
  private let capacity: Int

  /// - Parameter capacity: values kept at most.
  init(capacity: Int) { self.capacity = capacity }

  /// The value of a key, which is then the one used last; allocates nothing.
  mutating func use(_ key: Key) -> Value? {
    for index in entries.indices where entries[index].key == key {
      uses += 1
      entries[index].lastUse = uses
      return entries[index].value
    }
    return nil
  }

  /// Keeps the value of a key that has none, in place of the one that was not used for longest.
  mutating func insert(_ value: Value, for key: Key) {
    if entries.count == capacity, let oldest = entries.indices.min(by: { entries[$0].lastUse < entries[$1].lastUse }) {
      entries.remove(at: oldest)
    }
    uses += 1
    entries.append(Entry(key: key, value: value, lastUse: uses))
  }
}
