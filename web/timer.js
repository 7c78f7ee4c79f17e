// Tells the time to a page in a tab that is not seen, whose own timers come once in a second or even minute. A worker's
// do not. Message: [number, milliseconds]; the answer, after these, is the number.
self.onmessage = ({ data: [number, milliseconds] }) => setTimeout(() => postMessage(number), milliseconds);
