package tui

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/diorama-dev/diorama/tui/layout"
)

// prompt is a line of text that is being typed.
type prompt struct {
	editing bool
	text    string
}

// typed returns the prompt after a key; keys that do not edit change nothing.
func (p prompt) typed(k tea.KeyPressMsg) prompt {
	switch k.String() {
	case "backspace", "ctrl+h":
		_, size := utf8.DecodeLastRuneInString(p.text)
		p.text = p.text[:len(p.text)-size]
	case "ctrl+u":
		p.text = ""
	case "ctrl+w", "alt+backspace":
		cut := strings.TrimRight(p.text, " ")
		p.text = cut[:strings.LastIndexByte(cut, ' ')+1]
	default:
		p.text += layout.Safe(k.Text)
	}
	return p
}

// pasted returns the prompt with text from the clipboard.
func (p prompt) pasted(text string) prompt {
	p.text += layout.Safe(strings.TrimSpace(text))
	return p
}
