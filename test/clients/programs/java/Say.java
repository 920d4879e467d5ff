import java.util.List;

/** Runs each case and says what came of it, a line a case: name, tab, words. */
class Say {
    static final String URL = System.getenv("CLIENT_URL");
    static final String KEY = System.getenv("CLIENT_KEY");

    interface Case {
        Object run() throws Throwable;
    }

    /** Takes pieces into the list, and may fail between two. */
    interface Stream {
        void into(List<String> pieces) throws Throwable;
    }

    static void say(String name, Case run) {
        String said;
        try {
            said = String.valueOf(run.run());
        } catch (Throwable error) {
            said = told(error);
        }
        System.out.println(name + "\t" + said.replaceAll("\\s+", " "));
    }

    static String joined(Stream stream) throws Throwable {
        var pieces = new java.util.ArrayList<String>();
        stream.into(pieces);
        return String.join("", pieces) + " in " + pieces.size() + " pieces";
    }

    /** What a stream gave before it failed, and how it failed. */
    static String broken(Stream stream) {
        var pieces = new java.util.ArrayList<String>();
        try {
            stream.into(pieces);
        } catch (Throwable error) {
            return String.join("", pieces).strip() + ", then " + told(error);
        }
        return String.join("", pieces).strip() + ", then nothing";
    }

    private static String told(Throwable error) {
        // some wrap the one that has the words
        var cause = error.getCause() == null ? "" : " by " + error.getCause();
        return error + cause;
    }
}
