package chart

// RenderError says that a chart and its values make no objects: whoever wrote
// the one or gave the others has to mend it.
type RenderError struct {
	Release string
	Err     error
}

func (e *RenderError) Error() string { return "render chart " + e.Release + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RenderError) Unwrap() error { return e.Err }
