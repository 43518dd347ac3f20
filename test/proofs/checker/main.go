// A second opinion on Shiplog's proofs: it shares no code with core/tlog. Go's own sumdb/tlog and sumdb/note do the work; this program
// only carries requests to them, one JSON object a line, and answers one a line: {"ok":true,...} or {"ok":false,"error":"..."}.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Op      string   `json:"op"`
	Size    int64    `json:"size"`
	Root    string   `json:"root"`
	Index   int64    `json:"index"`
	Data    string   `json:"data"`
	Before  int64    `json:"before"`
	OldRoot string   `json:"oldRoot"`
	Proof   []string `json:"proof"`
	Note    string   `json:"note"`
	Keys    []string `json:"keys"`
	Dir     string   `json:"dir"`
	Key     string   `json:"key"`
	Text    string   `json:"text"`
}

type answer map[string]interface{}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			return
		}
		var r request
		got := answer{}
		if err := json.Unmarshal(line, &r); err != nil {
			got["error"] = err.Error()
		} else if err := answerTo(&r, got); err != nil {
			got["error"] = err.Error()
		}
		_, failed := got["error"]
		got["ok"] = !failed
		text, _ := json.Marshal(got)
		out.Write(append(text, '\n'))
		out.Flush()
	}
}

func answerTo(r *request, got answer) (err error) {
	// sumdb/tlog panics at numbers that make no sense, and that is a refusal too.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	switch r.Op {
	case "roots":
		return roots(r, got)
	case "inclusion":
		return inclusion(r)
	case "consistency":
		return consistency(r)
	case "note":
		return openNote(r, got)
	case "sign":
		return sign(r, got)
	case "directory":
		return directory(r, got)
	}
	return fmt.Errorf("unknown op %q", r.Op)
}

// roots grows a tree over the entries "0", "1", ... and answers the root of every size from 1 to Size.
func roots(r *request, got answer) error {
	stored := []tlog.Hash{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	all := []string{}
	for n := int64(0); n < r.Size; n++ {
		more, err := tlog.StoredHashes(n, []byte(fmt.Sprint(n)), reader)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
		root, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			return err
		}
		all = append(all, root.String())
	}
	got["roots"] = all
	return nil
}

func hashes(texts []string) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return nil, err
		}
		all[i] = hash
	}
	return all, nil
}

func inclusion(r *request) error {
	proof, err := hashes(r.Proof)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(r.Root)
	if err != nil {
		return err
	}
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, r.Size, root, r.Index, tlog.RecordHash(data))
}

func consistency(r *request) error {
	proof, err := hashes(r.Proof)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(r.Root)
	if err != nil {
		return err
	}
	old, err := tlog.ParseHash(r.OldRoot)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, r.Size, root, r.Before, old)
}

func openNote(r *request, got answer) error {
	verifiers := []note.Verifier{}
	for _, key := range r.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(r.Note), note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	got["text"] = opened.Text
	return nil
}

func sign(r *request, got answer) error {
	signer, err := note.NewSigner(r.Key)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: r.Text}, signer)
	got["note"] = string(signed)
	return err
}

// A tlog-tiles directory: the same tiles as sumdb's, without its height in the path.
type tiles struct{ dir string }

func (t tiles) Height() int                     { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) path(tile tlog.Tile) string {
	return filepath.Join(t.dir, "tile", strings.TrimPrefix(tile.Path(), "tile/8/"))
}
func (t tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(all))
	for i, tile := range all {
		bytes, err := os.ReadFile(t.path(tile))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

// directory opens the checkpoint of a tlog-tiles directory and checks every entry of every bundle against the tree it signs.
func directory(r *request, got answer) error {
	text, err := os.ReadFile(filepath.Join(r.Dir, "checkpoint"))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(r.Key)
	if err != nil {
		return err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return fmt.Errorf("no checkpoint")
	}
	var size int64
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{r.Dir})
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		bundle := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}
		path := filepath.Join(r.Dir, "tile", "entries", strings.TrimPrefix(bundle.Path(), "tile/8/data/"))
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i := range leaves {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("bundle %s is cut", path)
			}
			length := int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:2+length]) != leaves[i] {
				return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
			data = data[2+length:]
		}
		if len(data) != 0 {
			return fmt.Errorf("bundle %s has more than %d entries", path, width)
		}
	}
	// One proof of each kind, made by Go from the directory's tiles.
	if size > 0 {
		proof, err := tlog.ProveRecord(size, size/2, reader)
		if err != nil {
			return err
		}
		got["inclusion"] = len(proof)
		tree, err := tlog.ProveTree(size, size/2+1, reader)
		if err != nil {
			return err
		}
		got["consistency"] = len(tree)
	}
	got["size"] = size
	return nil
}
