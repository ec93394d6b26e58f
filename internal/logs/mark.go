package logs

import (
	"cmp"
	"encoding/binary"
	"slices"
)

const (
	// maxMarks bounds how many files' marks are kept: the newest by use.
	maxMarks = 10000
	// maxFile bounds the name of a file; of a longer one no mark is kept.
	maxFile = 4 << 10
)

// fileMark is how far a file is stored.
type fileMark struct {
	offset  int64
	used    uint64 // by which use of any last
	segment uint64 // in which the file has its number
	number  int
}

// Mark is how far a file is stored. Asking for it counts as use: the marks that
// were not used for longest go when there are too many.
func (s *Store) Mark(file string) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.marks[file]; m != nil {
		s.uses++
		m.used = s.uses
		return m.offset, true
	}
	return 0, false
}

// writeMarks adds marks to the batch, each by the file's number where it has
// one.
func (s *Store) writeMarks(marks []Mark) {
	a, next := s.active, s.active.files
	for _, m := range marks {
		if len(m.File) > maxFile {
			continue
		}
		a.groups.room()
		if known := s.marks[m.File]; known != nil && known.segment == a.header.ID {
			a.groups.buf = appendMark(a.groups.buf, known.number, m.Offset)
			continue
		}
		a.groups.buf = appendFile(a.groups.buf, next, m.Offset, m.File)
		next++
	}
}

// keepMarks takes up what [Store.writeMarks] has written, once it is stored.
func (s *Store) keepMarks(marks []Mark) {
	a, before := s.active, s.active.files
	s.uses++
	for _, m := range marks {
		if len(m.File) > maxFile {
			continue
		}
		known := s.marks[m.File]
		if known == nil {
			known = &fileMark{}
			s.marks[m.File] = known
		}
		// A file that the batch names twice was given two numbers: both stand.
		if known.segment != a.header.ID || (known.used == s.uses && known.number >= before) {
			known.segment, known.number = a.header.ID, a.files
			a.files++
		}
		known.offset, known.used = m.Offset, s.uses
	}
	if len(s.marks) > 2*maxMarks {
		s.newestMarks()
	}
}

// newestMarks are the files whose marks are kept, the last used first; it
// forgets the others.
func (s *Store) newestMarks() []string {
	files := make([]string, 0, len(s.marks))
	for file := range s.marks {
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.marks[b].used, s.marks[a].used), cmp.Compare(a, b))
	})
	for _, file := range files[min(len(files), maxMarks):] {
		delete(s.marks, file)
	}
	return files[:min(len(files), maxMarks)]
}

// rememberMarks writes down the marks at the beginning of a segment and gives
// their files numbers; it returns how many those are. Together they take a
// quarter of the segment at most.
func (s *Store) rememberMarks(g *groupWriter, segment uint64) int {
	files := s.newestMarks()
	room := s.options.SegmentBytes / 4
	kept := 0
	for kept < len(files) && room > 0 {
		room -= int64(len(files[kept]) + 12)
		kept++
	}
	for _, file := range files[kept:] {
		delete(s.marks, file)
	}
	files = files[:kept]
	slices.Reverse(files) // in the order of their use
	for i, file := range files {
		m := s.marks[file]
		m.segment, m.number = segment, i
		g.room()
		g.buf = appendFile(g.buf, i, m.offset, file)
	}
	return kept
}

// recallMark takes up a mark that a record bears witness of. Files are those
// numbered so far.
func (s *Store) recallMark(w *walker, files map[int]string, segment uint64) {
	number, rest, ok := cutNumber(w.body)
	offset, rest, ok2 := cutVarint(rest)
	if !ok || !ok2 {
		return
	}
	if w.kind == kindFile {
		files[number] = string(rest)
	}
	file, known := files[number]
	if !known {
		return
	}
	s.uses++
	s.marks[file] = &fileMark{offset: offset, used: s.uses, segment: segment, number: number}
}

func appendFile(dst []byte, number int, offset int64, file string) []byte {
	body := make([]byte, 0, 16+len(file))
	body = binary.AppendVarint(binary.AppendUvarint(body, uint64(number)), offset)
	return appendRecord(dst, kindFile, append(body, file...))
}

func appendMark(dst []byte, number int, offset int64) []byte {
	var body [16]byte
	b := binary.AppendVarint(binary.AppendUvarint(body[:0], uint64(number)), offset)
	return appendRecord(dst, kindMark, b)
}
