import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

class Client {
    static final UserMessage HELLO = UserMessage.from("Hello");

    static OpenAiChatModel.OpenAiChatModelBuilder model(String name) {
        return OpenAiChatModel.builder().baseUrl(Say.URL).apiKey(Say.KEY).modelName(name).maxRetries(0);
    }

    static Say.Stream stream(String name) {
        var model = OpenAiStreamingChatModel.builder().baseUrl(Say.URL).apiKey(Say.KEY).modelName(name).build();
        return pieces -> {
            var done = new CompletableFuture<ChatResponse>();
            model.chat("Hello", new StreamingChatResponseHandler() {
                public void onPartialResponse(String text) {
                    pieces.add(text);
                }

                public void onCompleteResponse(ChatResponse answer) {
                    done.complete(answer);
                }

                public void onError(Throwable error) {
                    done.completeExceptionally(error);
                }
            });
            try {
                done.get();
            } catch (ExecutionException error) {
                throw error.getCause();
            }
        };
    }

    /** Its errors are told apart by class; the status is in their cause. */
    static ChatResponse ask(OpenAiChatModel.OpenAiChatModelBuilder model) throws Exception {
        try {
            return model.build().chat(HELLO);
        } catch (LangChain4jException error) {
            throw error.getCause() instanceof HttpException http ? new Exception(http.statusCode() + " " + error) : error;
        }
    }

    static String tools() {
        var city = JsonObjectSchema.builder().addStringProperty("city").required("city").build();
        var tool = ToolSpecification.builder().name("get_weather").description("The weather in a city").parameters(city).build();
        var model = model("fast").build();
        var called = model.chat(ChatRequest.builder().messages(HELLO).toolSpecifications(tool).build()).aiMessage();
        var call = called.toolExecutionRequests().get(0);
        var result = ToolExecutionResultMessage.from(call, "fine");
        var answer = model.chat(ChatRequest.builder().messages(HELLO, called, result).toolSpecifications(tool).build());
        return call.name() + " " + call.arguments().replaceAll(".*:\\s*\"|\".*$", "") + ", " + answer.aiMessage().text();
    }

    static String structured() {
        var schema = JsonObjectSchema.builder().addStringProperty("name").addIntegerProperty("age").required("name", "age").build();
        var format = ResponseFormat.builder().type(ResponseFormatType.JSON)
            .jsonSchema(JsonSchema.builder().name("person").rootElement(schema).build()).build();
        var model = model("fast").strictJsonSchema(true).build();
        var text = model.chat(ChatRequest.builder().messages(HELLO).responseFormat(format).build()).aiMessage().text();
        return text.replaceAll("[{}\":]|name|age", "").replace(",", " ");
    }

    public static void main(String[] args) {
        Say.say("plain", () -> {
            var answer = ask(model("fast"));
            return answer.aiMessage().text() + " " + answer.tokenUsage().totalTokenCount() + " tokens";
        });
        Say.say("stream", () -> Say.joined(stream("fast")));
        Say.say("tools", Client::tools);
        Say.say("structured", Client::structured);
        Say.say("400", () -> ask(model("fast").temperature(999.0)));
        Say.say("401", () -> ask(model("fast").apiKey("wrong")));
        Say.say("404", () -> ask(model("missing")));
        Say.say("429", () -> ask(model("refuses")));
        Say.say("5xx", () -> ask(model("fails")));
        Say.say("error in stream", () -> Say.broken(stream("overheats")));
        Say.say("queued", () -> {
            Say.joined(stream("queued"));
            return Say.joined(stream("queued"));
        });
        System.exit(0);
    }
}
