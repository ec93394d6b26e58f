package logql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type kind uint8

const (
	kindEnd kind = iota
	kindName
	kindText   // a quoted string; its value is what it says
	kindNumber // digits, and a unit where there is one
	kindSign   // an operator or a bracket
)

type token struct {
	kind  kind
	value string
	at    int // in bytes
	end   int
}

// signs are the operators and brackets, longer ones before those that they
// begin with.
//
//nolint:gochecknoglobals // a table, never changed
var signs = []string{
	"|=", "!=", "|~", "!~", "|>", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", "[", "]", "|", "=", ">", "<", ",", "+", "-", "*", "/", "%", "^", "@", ":",
}

// lex cuts a query into tokens; the last one is the end.
func lex(text string) ([]token, error) {
	var tokens []token
	for i := 0; ; {
		i = passBlank(text, i)
		t := token{at: i, end: i}
		if i >= len(text) {
			return append(tokens, t), nil
		}
		switch c := text[i]; {
		case c == '"' || c == '`':
			t.kind, t.end = kindText, quoteEnd(text, i)
			value, err := strconv.Unquote(text[i:t.end])
			if err != nil {
				return nil, fail(text, i, "a string that is not closed or has a wrong escape", `text in "…" or `+"`…`")
			}
			t.value = value
		case isDigit(c):
			t.kind, t.end = kindNumber, passWhile(text, i, func(c byte) bool { return isName(c) || c == '.' })
		case isName(c):
			t.kind, t.end = kindName, passWhile(text, i, func(c byte) bool { return isName(c) || c == '.' })
		default:
			t.kind = kindSign
			for _, s := range signs {
				if strings.HasPrefix(text[i:], s) {
					t.end = i + len(s)
					break
				}
			}
			if t.end == i {
				r, _ := utf8.DecodeRuneInString(text[i:])
				return nil, fail(text, i, strconv.QuoteRune(r), "a name, a string, a number or an operator")
			}
		}
		if t.kind != kindText {
			t.value = text[i:t.end]
		}
		tokens, i = append(tokens, t), t.end
	}
}

// passBlank passes blanks, line ends and comments.
func passBlank(text string, i int) int {
	for i < len(text) {
		switch text[i] {
		case ' ', '\t', '\n', '\r':
			i++
		case '#':
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return len(text)
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// quoteEnd is the place after the quote that closes the one at i.
func quoteEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return len(text)
}

func passWhile(text string, i int, is func(c byte) bool) int {
	for i < len(text) && is(text[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isName(c byte) bool {
	return isDigit(c) || c == '_' || ('a' <= c|0x20 && c|0x20 <= 'z') || c >= utf8.RuneSelf // µs
}

// Error is what is wrong with a query.
type Error struct {
	Column          int // of characters, from 1
	Found, Expected string
}

func (e *Error) Error() string {
	return fmt.Sprintf("logql: column %d: found %s, expected %s", e.Column, e.Found, e.Expected)
}

func fail(text string, at int, found, expected string) error {
	return &Error{Column: column(text, at), Found: found, Expected: expected}
}

func column(text string, at int) int { return 1 + utf8.RuneCountInString(text[:min(at, len(text))]) }
