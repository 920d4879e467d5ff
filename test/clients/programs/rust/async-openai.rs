use async_openai::config::OpenAIConfig;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{CreateChatCompletionRequest, CreateChatCompletionResponse};
use async_openai::Client;
use futures::StreamExt;
use serde_json::{from_value, json, Value};
use std::error::Error;

type Said<T = String> = Result<T, Box<dyn Error>>;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// The plain service, since the crate's own tries again after as long as Retry-After says.
fn client(key: &str) -> Client<OpenAIConfig> {
    let config = OpenAIConfig::new().with_api_base(variable("CLIENT_URL")).with_api_key(key);
    Client::with_config(config).with_http_service(ReqwestService::new(Default::default()))
}

/// The crate's own type, by the names of the wire.
fn request(model: &str, more: Value) -> Said<CreateChatCompletionRequest> {
    let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hello" }] });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    Ok(from_value(body)?)
}

async fn ask_with(key: &str, model: &str, more: Value) -> Said<CreateChatCompletionResponse> {
    Ok(client(key).chat().create(request(model, more)?).await?)
}

async fn ask(model: &str, more: Value) -> Said<CreateChatCompletionResponse> {
    ask_with(&variable("CLIENT_KEY"), model, more).await
}

fn content(answer: &CreateChatCompletionResponse) -> String {
    answer.choices[0].message.content.clone().unwrap_or_default()
}

/// What came, and how it failed if it did.
async fn stream(model: &str) -> (Vec<String>, Option<Box<dyn Error>>) {
    let mut pieces = Vec::new();
    let opened = async { Said::Ok(client(&variable("CLIENT_KEY")).chat().create_stream(request(model, json!({}))?).await?) };
    let mut chunks = match opened.await {
        Ok(chunks) => chunks,
        Err(error) => return (pieces, Some(error)),
    };
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => pieces.extend(chunk.choices.into_iter().filter_map(|choice| choice.delta.content).filter(|text| !text.is_empty())),
            Err(error) => return (pieces, Some(error.into())),
        }
    }
    (pieces, None)
}

async fn joined(model: &str) -> Said {
    match stream(model).await {
        (_, Some(error)) => Err(error),
        (pieces, None) => Ok(format!("{} in {} pieces", pieces.concat(), pieces.len())),
    }
}

async fn broken(model: &str) -> Said {
    let (pieces, error) = stream(model).await;
    let end = error.map_or("nothing".into(), |error| format!("{error:?}"));
    Ok(format!("{}, then {end}", pieces.concat().trim()))
}

async fn tools() -> Said {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    let tools = json!([{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }]);
    let message = ask("fast", json!({ "tools": tools })).await?.choices.remove(0).message;
    let call = serde_json::to_value(&message)?["tool_calls"][0].clone();
    let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap_or(""))?;
    let result = json!({ "role": "tool", "tool_call_id": call["id"], "content": "fine" });
    let history = json!([{ "role": "user", "content": "Hello" }, message, result]);
    let answer = ask("fast", json!({ "messages": history, "tools": tools })).await?;
    let words = |value: &Value| value.as_str().unwrap_or("nothing").to_string();
    Ok(format!("{} {}, {}", words(&call["function"]["name"]), words(&arguments["city"]), content(&answer)))
}

async fn structured() -> Said {
    let properties = json!({ "name": { "type": "string" }, "age": { "type": "integer" } });
    let schema = json!({ "type": "object", "properties": properties, "required": ["name", "age"], "additionalProperties": false });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "person", "strict": true, "schema": schema } });
    let person: Value = serde_json::from_str(&content(&ask("fast", json!({ "response_format": format })).await?))?;
    Ok(format!("{} {}", person["name"].as_str().unwrap_or("nobody"), person["age"]))
}

async fn plain() -> Said {
    let answer = ask("fast", json!({})).await?;
    Ok(format!("{} {} tokens", content(&answer), answer.usage.map_or(0, |usage| usage.total_tokens)))
}

async fn queued() -> Said {
    joined("queued").await?;
    joined("queued").await
}

fn say(name: &str, said: Said) {
    let words = said.unwrap_or_else(|error| format!("{error} {error:?}"));
    println!("{name}\t{}", words.split_whitespace().collect::<Vec<_>>().join(" "));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    say("plain", plain().await);
    say("stream", joined("fast").await);
    say("tools", tools().await);
    say("structured", structured().await);
    say("400", ask("fast", json!({ "temperature": 999 })).await.map(|answer| content(&answer)));
    say("401", ask_with("wrong", "fast", json!({})).await.map(|answer| content(&answer)));
    say("404", ask("missing", json!({})).await.map(|answer| content(&answer)));
    say("429", ask("refuses", json!({})).await.map(|answer| content(&answer)));
    say("5xx", ask("fails", json!({})).await.map(|answer| content(&answer)));
    say("error in stream", broken("overheats").await);
    say("queued", queued().await);
}
