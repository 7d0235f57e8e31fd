// Search over the goods: an index in memory, and thumbnails made on demand.
const { exec } = require("child_process");
const express = require("express");
const minimist = require("minimist");

const goods = [
  { id: 1, name: "Rope, 10 m", words: ["rope", "hemp"] },
  { id: 2, name: "Lantern", words: ["lamp", "light"] },
  { id: 3, name: "Compass", words: ["north", "brass"] },
];
const app = express();

app.get("/search", (req, res) => {
  const word = String(req.query.q || "").toLowerCase();
  res.json(goods.filter((one) => one.name.toLowerCase().includes(word) || one.words.includes(word)));
});

app.get("/thumbnail", (req, res) => {
  exec("convert pictures/" + req.query.name + " -resize 120 -", (error, picture) => {
    res.status(error ? 500 : 200).send(error ? "no picture" : picture);
  });
});

app.get("/more", (req, res) => res.redirect(req.query.next));

app.listen(minimist(process.argv.slice(2)).port || 8080);
