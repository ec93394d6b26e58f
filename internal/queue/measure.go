package queue

import (
	"encoding/json"
	"strconv"
)

// Measure is a number that may be unknown; the zero value is. In JSON an
// unknown one is null.
type Measure[T int64 | float64] struct {
	value T
	known bool
}

// Count is a number of messages, bytes or consumers, or an offset.
type Count = Measure[int64]

// Rate is a number of messages a second.
type Rate = Measure[float64]

// Known is a number that is known.
func Known[T int64 | float64](value T) Measure[T] { return Measure[T]{value: value, known: true} }

// Get returns the number and whether it is known.
func (m Measure[T]) Get() (T, bool) { return m.value, m.known }

// Or returns the number, or another where it is not known.
func (m Measure[T]) Or(unknown T) T {
	if m.known {
		return m.value
	}
	return unknown
}

// IsKnown reports whether the number is known.
func (m Measure[T]) IsKnown() bool { return m.known }

// Plus adds two numbers; the sum with an unknown one is unknown.
func (m Measure[T]) Plus(n Measure[T]) Measure[T] {
	if !m.known || !n.known {
		return Measure[T]{}
	}
	return Known(m.value + n.value)
}

// Minus subtracts a number; the difference to an unknown one is unknown.
func (m Measure[T]) Minus(n Measure[T]) Measure[T] {
	if !m.known || !n.known {
		return Measure[T]{}
	}
	return Known(m.value - n.value)
}

// AtLeast returns the number, or least where it is smaller. Unknown stays so.
func (m Measure[T]) AtLeast(least T) Measure[T] {
	if m.known && m.value < least {
		return Known(least)
	}
	return m
}

// Total adds what is known of a list; it is unknown where nothing is.
func Total[T int64 | float64](list ...Measure[T]) Measure[T] {
	var total Measure[T]
	for _, m := range list {
		if m.known {
			total = Known(total.value + m.value)
		}
	}
	return total
}

// String is the number, or "–" for an unknown one.
func (m Measure[T]) String() string {
	if !m.known {
		return "–"
	}
	return strconv.FormatFloat(float64(m.value), 'f', -1, 64)
}

// MarshalJSON writes the number or null.
func (m Measure[T]) MarshalJSON() ([]byte, error) {
	if !m.known {
		return []byte("null"), nil
	}
	return json.Marshal(m.value)
}

// UnmarshalJSON reads the number or null.
func (m *Measure[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Measure[T]{}
		return nil
	}
	if err := json.Unmarshal(data, &m.value); err != nil {
		return err
	}
	m.known = true
	return nil
}
