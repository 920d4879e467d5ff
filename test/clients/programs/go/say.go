// Runs each case and says what came of it, a line a case: name, tab, words.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

var url, key = os.Getenv("CLIENT_URL"), os.Getenv("CLIENT_KEY")

const schema = `{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"],"additionalProperties":false}`

func say(name string, run func() (string, error)) {
	said, err := run()
	if err != nil {
		said = fmt.Sprintf("%T: %v", err, err)
	}
	fmt.Printf("%s\t%s\n", name, strings.Join(strings.Fields(said), " "))
}

func joined(pieces []string, err error) (string, error) {
	return fmt.Sprintf("%s in %d pieces", strings.Join(pieces, ""), len(pieces)), err
}

// What a stream gave before it failed, and how it failed.
func broken(pieces []string, err error) (string, error) {
	text := strings.TrimSpace(strings.Join(pieces, ""))
	if err == nil {
		return text + ", then nothing", nil
	}
	return fmt.Sprintf("%s, then %T: %v", text, err, err), nil
}

func person(content string, err error) (string, error) {
	var found struct {
		Name string
		Age  int
	}
	if err == nil {
		err = json.Unmarshal([]byte(content), &found)
	}
	return fmt.Sprintf("%s %d", found.Name, found.Age), err
}

func city(arguments string) string {
	var found struct{ City string }
	if err := json.Unmarshal([]byte(arguments), &found); err != nil {
		return err.Error()
	}
	return found.City
}
