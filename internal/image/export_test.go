package image

import "context"

// SaveForTest opens an archive of the image and closes it.
func (h *Host) SaveForTest(ctx context.Context, ref string) error {
	info, err := h.Inspect(ctx, ref)
	if err != nil {
		return err
	}
	archive, err := h.save(ctx, []Info{info})
	if err != nil {
		return err
	}
	return archive.Close()
}
