package wire

import "time"

// Stamp is the time before a line, in the form that container runtimes write:
// RFC 3339 with up to nine digits of a second's fraction.
type Stamp struct {
	Seconds int64 // since 1970
	Nanos   int32
}

// maxSeconds is what nanoseconds since 1970 in 64 bits hold: the year 2262.
const maxSeconds = 1<<63/1_000_000_000 - 1

// UnixNano is the stamp in nanoseconds since 1970, the earliest or latest that
// there can be where it is beyond.
func (s Stamp) UnixNano() int64 {
	seconds := max(-maxSeconds, min(s.Seconds, maxSeconds))
	return seconds*1_000_000_000 + int64(s.Nanos)
}

// Stamps reads stamps. It remembers the last minute it saw, since most lines
// share theirs with the line before. The zero value is ready.
type Stamps struct {
	minute [len("2006-01-02T15:04:")]byte
	start  int64 // of the minute, as if it were in UTC
}

// Parse reads the stamp that a line begins with and how long it is; 0 where
// the line begins with none. A space or the end must follow it.
func (p *Stamps) Parse(line string) (s Stamp, length int) {
	const seconds = len("2006-01-02T15:04:05")
	if len(line) <= seconds {
		return Stamp{}, 0
	}
	if line[:len(p.minute)] != string(p.minute[:]) && !p.learn(line) {
		return Stamp{}, 0
	}
	second, ok := number(line[seconds-2 : seconds])
	if !ok || second > 59 {
		return Stamp{}, 0
	}
	s.Seconds = p.start + int64(second)
	i := seconds
	if line[i] == '.' {
		scale := int32(1_000_000_000)
		for i++; i < len(line) && line[i]-'0' <= 9 && scale > 1; i++ {
			scale /= 10
			s.Nanos += int32(line[i]-'0') * scale
		}
		if scale == 1_000_000_000 {
			return Stamp{}, 0
		}
	}
	offset, zone := zoneOf(line[i:])
	if i += zone; zone == 0 || (i < len(line) && line[i] != ' ') {
		return Stamp{}, 0
	}
	s.Seconds -= offset
	return s, i
}

// learn reads all but the second of a stamp.
func (p *Stamps) learn(line string) bool {
	if line[4] != '-' || line[7] != '-' || line[10] != 'T' || line[13] != ':' || line[16] != ':' {
		return false
	}
	century, ok1 := number(line[:2])
	year, ok2 := number(line[2:4])
	month, ok3 := number(line[5:7])
	day, ok4 := number(line[8:10])
	hour, ok5 := number(line[11:13])
	minute, ok6 := number(line[14:16])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 {
		return false
	}
	t := time.Date(century*100+year, time.Month(month), day, hour, minute, 0, 0, time.UTC)
	if t.Day() != day {
		return false // the 31st of a month of 30 days
	}
	copy(p.minute[:], line)
	p.start = t.Unix()
	return true
}

// number reads two digits.
func number(s string) (int, bool) {
	a, b := s[0]-'0', s[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// zoneOf reads "Z" or "+01:00": seconds east of Greenwich, and the length.
func zoneOf(s string) (offset int64, length int) {
	if s == "" {
		return 0, 0
	}
	if s[0] == 'Z' {
		return 0, 1
	}
	if len(s) < len("+01:00") || (s[0] != '+' && s[0] != '-') || s[3] != ':' {
		return 0, 0
	}
	hours, ok1 := number(s[1:3])
	minutes, ok2 := number(s[4:6])
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, 0
	}
	offset = int64(hours*3600 + minutes*60)
	if s[0] == '-' {
		offset = -offset
	}
	return offset, len("+01:00")
}
