package story

// Kind is what a set of features describes.
type Kind string

// The kinds of features.
const (
	UserFeatures Kind = "user"
	ItemFeatures Kind = "item"
)

// Key names a set of features.
type Key struct {
	Kind Kind
	Name string
}

// Features are what the model knows of a user or of an item. The zero value
// stands for one that nobody has met yet.
type Features struct {
	// Segment groups users, and items, that are alike.
	Segment string `json:"segment"`
	// Weight is from 0 to 1.
	Weight float64 `json:"weight"`
}

// Keys are the features that a request needs.
func (r Request) Keys() [2]Key {
	return [2]Key{{Kind: UserFeatures, Name: r.User}, {Kind: ItemFeatures, Name: r.Item}}
}
