package cli

import (
	"context"
	"io"
	"strings"

	"github.com/diorama-dev/diorama/internal/logs"
)

// pageSize is how many lines are read at once; hitsAtOnce how many where each
// is looked around.
const (
	pageSize   = 1000
	hitsAtOnce = 100
)

// shower prints the lines that a query finds, and those around them.
type shower struct {
	logSource
	around        logs.Query // what stands around: all lines of those services and times
	before, after int
	printer       *linePrinter

	text    strings.Builder
	printed bool
	last    logs.Cursor // of the last line printed
	owed    int         // lines still to be printed after it
}

func newShower(source logSource, a around, p *linePrinter) *shower {
	q := source.query
	s := &shower{logSource: source, printer: p, around: logs.Query{Services: q.Services, Since: q.Since, Until: q.Until}}
	s.before, s.after = a.lines()
	return s
}

func (s *shower) looksAround() bool { return s.before > 0 || s.after > 0 }

// stored prints the last lines that are found, or all where tail is below
// zero, and returns the place after them.
func (s *shower) stored(ctx context.Context, tail int) (logs.Cursor, error) {
	end, err := s.reader.End(ctx)
	if err != nil {
		return end, err
	}
	if tail < 0 {
		return s.between(ctx, logs.Cursor{}, &end)
	}
	page, err := s.reader.Backward(ctx, end, s.query, tail)
	if err != nil {
		return end, err
	}
	if !s.looksAround() {
		return end, s.printer.print(page.Lines)
	}
	if err := s.page(ctx, page); err != nil {
		return end, err
	}
	return end, s.flush()
}

// from prints what is found from a place on and returns the place after it.
func (s *shower) from(ctx context.Context, from logs.Cursor) (logs.Cursor, error) {
	return s.between(ctx, from, nil)
}

// between does so up to a place, where one is given, and a little beyond: what
// comes while it prints is not run after.
func (s *shower) between(ctx context.Context, from logs.Cursor, to *logs.Cursor) (logs.Cursor, error) {
	limit := pageSize
	if s.looksAround() {
		limit = hitsAtOnce
	}
	for {
		page, err := s.reader.Forward(ctx, from, s.query, limit)
		if err != nil {
			return from, err
		}
		if s.looksAround() {
			err = s.page(ctx, page)
		} else {
			err = s.printer.print(page.Lines)
		}
		if err != nil {
			return from, err
		}
		if from = page.End; !page.More || (to != nil && from.Compare(*to) >= 0) {
			return from, s.flush()
		}
	}
}

// page prints lines that were found, with those around each.
func (s *shower) page(ctx context.Context, page logs.Page) error {
	for i, place := range page.Places {
		if err := s.pay(ctx, &place); err != nil {
			return err
		}
		if !s.printed || place.Compare(s.last) > 0 {
			if err := s.lead(ctx, place); err != nil {
				return err
			}
			if err := s.line(page.Lines[i], place, false); err != nil {
				return err
			}
			s.owed = s.after
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	return s.pay(ctx, nil)
}

// pay prints the lines that are owed to the last one found, up to the next.
func (s *shower) pay(ctx context.Context, until *logs.Cursor) error {
	if s.owed == 0 {
		return nil
	}
	page, err := s.all.Forward(ctx, s.last, s.around, s.owed+1)
	if err != nil {
		return err
	}
	for i, place := range page.Places {
		if place.Compare(s.last) <= 0 {
			continue
		}
		if s.owed == 0 || (until != nil && place.Compare(*until) >= 0) {
			break
		}
		if s.owed--; s.query.Matches(page.Lines[i]) {
			s.owed = s.after // it is one that is found, of a page to come
		}
		if err := s.line(page.Lines[i], place, true); err != nil {
			return err
		}
	}
	return nil
}

// lead prints the lines before one that was found, as far as they are not
// there yet.
func (s *shower) lead(ctx context.Context, place logs.Cursor) error {
	page, err := s.all.Backward(ctx, place, s.around, s.before+1)
	if err != nil {
		return err
	}
	// The one before those that are wanted tells whether any are left out.
	skipped := s.printed
	for i, at := range page.Places {
		if s.printed && at.Compare(s.last) <= 0 {
			skipped = false
			continue
		}
		if len(page.Places)-i > s.before {
			continue
		}
		if skipped {
			s.printer.gap(&s.text)
			skipped = false
		}
		if err := s.line(page.Lines[i], at, true); err != nil {
			return err
		}
	}
	if skipped {
		s.printer.gap(&s.text)
	}
	return nil
}

func (s *shower) line(l logs.Line, place logs.Cursor, context bool) error {
	s.printed, s.last = true, place
	return s.printer.write(&s.text, l, context && !s.query.Matches(l))
}

func (s *shower) flush() error {
	_, err := io.WriteString(s.printer.out, s.text.String())
	s.text.Reset()
	return err
}
