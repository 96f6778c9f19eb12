/// IMF-fixdate, the one date format that is sent (RFC 9110 §5.6.7).
public enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sun, 06 Nov 1994 08:49:37 GMT` for seconds since 1970 in UTC; seconds outside the years 1970 to 9999 are
  /// brought to the nearest end.
  public static func format(unixSeconds: Int64) -> String {
    let seconds = min(max(unixSeconds, 0), 253_402_300_799)
    let day = Int(seconds / 86400)
    let second = Int(seconds % 86400)
    let (year, month, date) = civil(day)
    return "\(days[day % 7]), \(two(date)) \(months[month - 1]) \(year) "
      + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// The Gregorian date `day` days after 1970-01-01. Years run from March here, so that a leap day is the last
  /// of its year; 719468 days lie between 0000-03-01 and 1970-01-01, 146097 in 400 years.
  private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = shifted / 146_097
    let ofEra = shifted % 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * ofYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, ofYear - (153 * marchMonth + 2) / 5 + 1)
  }
}

/// A formatted date that is made anew only when the second changes.
public struct HTTPDateCache: Sendable {
  private var second: Int64 = -1
  private var text = ""

  public init() {}

  /// The date for `unixSeconds`, as `HTTPDate.format` gives it.
  public mutating func string(unixSeconds: Int64) -> String {
    if unixSeconds != second {
      second = unixSeconds
      text = HTTPDate.format(unixSeconds: unixSeconds)
    }
    return text
  }
}
