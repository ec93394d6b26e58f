package rabbitmq

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answerBytes bounds an answer of the API: 500 queues take 0.5 MB.
const answerBytes = 64 << 20

// statusError is an answer that refuses.
type statusError struct {
	place, path string
	code        int
	reason      string
}

func (e *statusError) Error() string {
	message := fmt.Sprintf("management API at %s answered %d %s to %s", e.place, e.code, http.StatusText(e.code), e.path)
	if e.reason != "" {
		message += ": " + e.reason
	}
	if e.code == http.StatusUnauthorized {
		message += "; check user and password, and that the user has the tag \"monitoring\""
	}
	return message
}

func isStatus(err error, code int) bool {
	var status *statusError
	return errors.As(err, &status) && status.code == code
}

// get asks the API and decodes the answer into a value.
func (s *source) get(ctx context.Context, path string, into any) error {
	_, body, err := s.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("management API at %s: the answer to %s is not what was expected: %w", s.place(), path, err)
	}
	return nil
}

// call sends a request with a body of JSON, if any, and returns the answer.
func (s *source) call(ctx context.Context, method, path string, send any) (code int, body []byte, err error) {
	var content io.Reader
	if send != nil {
		encoded, err := json.Marshal(send)
		if err != nil {
			return 0, nil, fmt.Errorf("management API: write %s: %w", path, err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.place()+path, content)
	if err != nil {
		return 0, nil, fmt.Errorf("management API: %w", err)
	}
	request.SetBasicAuth(s.management.User, s.management.Password)
	if send != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("management API at %s does not answer: %w", s.place(), err)
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, answerBytes))
	if err != nil {
		return 0, nil, fmt.Errorf("management API at %s: read the answer to %s: %w", s.place(), path, err)
	}
	if answer.StatusCode >= http.StatusMultipleChoices {
		return 0, nil, &statusError{place: s.place(), path: method + " " + path, code: answer.StatusCode, reason: reason(body)}
	}
	return answer.StatusCode, body, nil
}

// reason is what a refusal says, in one line.
func reason(body []byte) string {
	var said struct{ Error, Reason any }
	if json.Unmarshal(body, &said) != nil || said.Reason == nil {
		return ""
	}
	text := strings.Join(strings.Fields(fmt.Sprint(said.Reason)), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}
