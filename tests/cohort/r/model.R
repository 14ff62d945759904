# Fits a mixed model to a cohort's tidy tables: excess by group and condition, with the quality of the signals.
# Rscript model.R FOLDER

folder <- commandArgs(trailingOnly = TRUE)[1]
text <- c(recording = "character")
tidy <- read.csv(file.path(folder, "significance", "summary.csv"), colClasses = text)
quality <- read.csv(file.path(folder, "quality", "summary.csv"), colClasses = text)

of_signals <- subset(quality, person == "signals", c(recording, condition, signal, noise, lost_share))
keys <- c("recording", "condition")
tidy <- merge(tidy, of_signals, by.x = c(keys, "pair"), by.y = c(keys, "signal"))
smile <- subset(tidy, pair == "AU12")
smile$noise <- as.numeric(scale(smile$noise))
fixed <- excess ~ group * condition + order + noise
mixed <- update(fixed, . ~ . + (1 | recording))

has <- function(package) requireNamespace(package, quietly = TRUE)
if (has("lme4")) {
  used <- "lme4"
  estimates <- lme4::fixef(lme4::lmer(mixed, data = smile))
} else if (has("glmmTMB")) {
  used <- "glmmTMB"
  estimates <- glmmTMB::fixef(glmmTMB::glmmTMB(mixed, data = smile))$cond
} else {
  used <- "lm"
  estimates <- coef(lm(fixed, data = smile))
}
cat("package", used, "\n")
cat("rows", nrow(smile), "\n")
for (name in names(estimates)) cat(name, format(estimates[[name]], digits = 15), "\n")
