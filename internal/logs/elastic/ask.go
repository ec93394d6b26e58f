package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

var errTooLarge = errors.New("the answer is too large: narrow the query down")

func isTooLarge(err error) bool { return errors.Is(err, errTooLarge) }

// statusError is what Elasticsearch says is wrong.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return "elasticsearch: " + e.text }

// how makes no index at all an empty answer, and one that is not whole an
// error: what is missing would look as if it were not there.
const how = "ignore_unavailable=true&allow_no_indices=true&allow_partial_search_results=false"

// An index that has just been made cannot be searched for a moment.
const (
	triesOfNew = 10
	pauseOfNew = 200 * time.Millisecond
)

// search asks for documents.
func (r *Reader) search(ctx context.Context, body object, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("elasticsearch: write the search: %w", err)
	}
	return r.ask(ctx, "_search?"+how, encoded, answer)
}

// ask puts a question about the indexes, again where one is not ready yet.
func (r *Reader) ask(ctx context.Context, what string, body []byte, answer any) error {
	for try := 1; ; try++ {
		err := r.askOnce(ctx, what, body, answer)
		var refused *statusError
		if try >= triesOfNew || !errors.As(err, &refused) || refused.status != http.StatusServiceUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pauseOfNew):
		}
	}
}

func (r *Reader) askOnce(ctx context.Context, what string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+"/"+what, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("elasticsearch: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := r.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("elasticsearch: %s does not answer: %w", request.URL.Host, errors.Unwrap(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("elasticsearch: read the answer: %w", err)
	case len(text) > maxAnswer:
		return fmt.Errorf("elasticsearch: %w", errTooLarge)
	case response.StatusCode != http.StatusOK:
		return &statusError{response.StatusCode, response.Status + ": " + reason(text)}
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("elasticsearch: %s gives an answer that is not Elasticsearch's: %w", request.URL.Host, err)
	}
	return nil
}

// reason is what an error says, from its innermost cause; the beginning of the
// text where it is none of Elasticsearch's.
func reason(text []byte) string {
	type cause struct {
		Reason string          `json:"reason"`
		Root   []cause         `json:"root_cause"`
		By     json.RawMessage `json:"caused_by"`
	}
	var answer struct {
		Error cause `json:"error"`
	}
	const enough = 1000
	if json.Unmarshal(text, &answer) != nil || answer.Error.Reason == "" && len(answer.Error.Root) == 0 && answer.Error.By == nil {
		return string(bytes.TrimSpace(text[:min(len(text), enough)]))
	}
	said := answer.Error.Reason
	if len(answer.Error.Root) > 0 && answer.Error.Root[0].Reason != "" {
		said = answer.Error.Root[0].Reason
	}
	for by := answer.Error.By; by != nil; {
		var inner cause
		if json.Unmarshal(by, &inner) != nil {
			break
		}
		if inner.Reason != "" {
			said = inner.Reason
		}
		by = inner.By
	}
	return said
}
