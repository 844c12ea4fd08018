"""What *What's this* (Shift+F1) says of the parts of the window; settings have theirs from their declaration."""

from html import escape

from PyQt5.QtWidgets import QWidget

TEXTS = {
    # Data
    "dropArea": "Images come in here: drop folders or files anywhere on the window, or use the buttons. A folder of "
    "images is one class; a folder of such folders is one class for each of them. Nothing is copied or changed.",
    "SourcesPanel": "The class table says which files are which class, and what they are for. Each row is a folder, a "
    "file, or a part of one. The tools above it work on the selected rows, or on all of them if none is selected.",
    "classTable": "One row for each source of images: its class, what it is for, how many images it has and how many "
    "of them an epoch draws. Click a cell to change it; all selected rows follow. Keys 1 to 9 set the class, T, V and "
    "E the role.",
    "roleButton": "Training images teach the network. Validation images are looked at after each epoch, to see how it "
    "does on images that it has not learned. Test images are kept for the end, so that the last answer is honest.",
    "balanceButton": "When one class has many more images than another, the network learns to prefer it. Balance lets "
    "each class have the same number of images in an epoch, by repeating those of the small ones or leaving out some "
    "of the large ones.",
    "checkButton": "Looks for what makes a result look better or worse than it is: the same image in training and in "
    "validation, one image in two classes, blank or saturated images, classes that differ in brightness alone.",
    "convertButton": "Writes the selected sources as .rtdc files, which hold many images in one file, are quick to "
    "read, and open in Shape-Out and dclab too.",
    "tileButton": "Cuts large pictures, such as slides or fields of view, into tiles of the size that the network "
    "takes. Masks with a colour or number per class tell which class a tile belongs to.",
    "plotFeaturesButton": "Plots what .rtdc files have measured of each event, such as area against deformation. Draw "
    "a gate around events and use them as a class.",
    "OverviewPanel": "How many images each class has for training, validation and test. A class without validation "
    "images cannot be judged; one with far fewer images than the others is learned less well.",
    "SplitForm": "Keeps a share of the training images for validation, drawn at random but the same each time. Images "
    "that belong together, such as those of one donor or day, should be kept or trained on together: choose by what "
    "to group them.",
    "ImagePanel": "Images of the selected rows: as they are in the file, and as the network will see them after they "
    "are brought to size. Look whether the object is whole and in the middle.",
    "ImageForm": "The size to which images are brought, and how. If the images are larger than the network's, only a "
    "part of each is seen, unless Fit to size scales them: the button sets what takes them whole.",
    # Training
    "PresetPanel": "Fills in architecture and settings that suit your images and this computer, and says why. Begin "
    "with quick: it shows within minutes whether the classes can be told apart at all.",
    "SettingsSide": "What the network is and how it learns. Settings with a coloured dot differ from their default; "
    "click the dot to reset one. Most of them can be changed while the network trains.",
    "architectureSelector": "The kind of network. Small ones learn quickly and are hard to overfit; large ones tell "
    "finer differences but want more images and time. The list comes from model_zoo.py, which can be edited.",
    "StartFrom": "A new network knows nothing. Starting from a trained model keeps what that one has learned, which "
    "needs fewer images when they are similar.",
    "WeightsPanel": "Pretrained networks have learned from millions of photographs. Their weights are downloaded once, "
    "when you ask for it; with random weights the same network begins with nothing.",
    "findRateButton": "Trains on a few batches with a growing learning rate and plots the loss. A good rate is where "
    "the loss falls fastest, some way before it rises again.",
    "SchedulePlot": "The learning rate in each epoch under the chosen schedule, before it is used.",
    "trainingPlot": "What is measured after each epoch. Training curves show what was learned, validation curves what "
    "of it holds for other images: when the two part, the network learns its images by heart. Vertical lines mark "
    "changes of settings.",
    "PreviewPanel": "Training images as augmentation changes them now. If you would not recognise the class any more, "
    "neither can the network: use smaller amounts.",
    "trainingLog": "What the run has done, with times. The same lines are in run.log in the folder of the run.",
    "Timeline": "Every change of settings in this run, and the epoch it was used from. The run can go back to the "
    "network it had before a change.",
    "QueuePanel": "Runs that wait. They are trained one after the other, so that several settings can be compared "
    "over night.",
    "RunPanel": "Starts, pauses and stops the training, and shows how far it is. Changed settings are used from the "
    "next epoch on, at once or when you press Apply. The best network so far is saved all the time: stopping loses "
    "nothing.",
    "deviceSelector": "What computes: the CPU, or graphics cards that TensorFlow can use. A graphics card pays for "
    "large images and large networks; small ones are as quick on the CPU.",
    "keepModelButton": "Saves the network as it is after this epoch, whether or not it is the best one.",
    # History
    "RunsPanel": "Runs that have been opened, the latest first. Tick those whose curves you want to compare. A run is "
    "a folder with its settings, history and models.",
    "CurvesPanel": "Curves of the ticked runs, and the same numbers as tables. Click a curve to see the settings of "
    "that epoch.",
    "historyPlot": "One line for each run and measured value, over the epochs. Click to choose an epoch; zoom with the "
    "wheel, move by dragging.",
    "CurveControls": "How curves are drawn. Smoothing takes the running median, which hides noise; the values in the "
    "table stay as measured. A fit shows the trend of a stretch of epochs.",
    "ComparisonPanel": "The settings in which the ticked runs differ, beside their best and last values.",
    "EpochPanel": "The chosen epoch: its values, the settings then in force, and the model that was saved, which can "
    "be assessed, trained further or exported.",
    # Assessment
    "assessmentTab": "Here a model is judged on images whose classes are known: choose model and images above, press "
    "Assess, and look at the matrix, the figures and the images that it got wrong.",
    "ModelRow": "The model that is judged, or that classifies new images. Its file says what images it takes and which "
    "classes it knows; for a model from elsewhere, Describe asks you.",
    "RunRow": "Which images the model is judged on. Use test images, which it has not seen in any way, for the numbers "
    "that you report. A threshold lets it refuse a class unless it is sure enough.",
    "confusionMatrix": "Each row is a true class, each column what the model said. The diagonal is right; what stands "
    "beside it shows which classes are taken for each other. Click a cell to see its images below.",
    "ConfusionView": "Counts, or shares: of each row, how many images of a class were found; of each column, how many "
    "of those called so are right.",
    "metricsTable": "Accuracy is the share of right answers. Precision: how many of the images called so are of this "
    "class. Recall: how many images of this class were found. F1 is their harmonic mean. The brackets hold 95 % "
    "confidence intervals.",
    "rocPage": "The ROC curve: recall against the share of false alarms, for every threshold. The area below it is 1 "
    "for a perfect model and 0.5 for guessing.",
    "precisionRecallPage": "Precision against recall for every threshold. Of rare classes it tells more than the ROC "
    "curve does.",
    "probabilityPage": "How sure the model was of a class, for images of that class and for the others. The less the "
    "two overlap, the better.",
    "thresholdPage": "What purity and yield a threshold would give when images are sorted by this class.",
    "calibrationPage": "Whether a probability means what it says: of images called 90 % sure, 90 % should be right. A "
    "fitted temperature corrects it without changing the classes.",
    "coveragePage": "How accuracy rises when the least certain images are left for a person to decide.",
    "labelIssues": "Images whose label the model doubts most, and images that occur twice. Often the label is wrong, "
    "not the model: look at them, and mend the label or exclude the image.",
    "embeddingView": "A map on which images that the network finds similar lie close together. Mixed colours show "
    "classes that it cannot tell apart; islands show groups within a class, for example another day.",
    "Gallery": "The images of the chosen cell of the matrix, or of the row or point chosen elsewhere. Select some to "
    "relabel them, exclude them or export them; open one to see what the network looks at.",
    "ChangesBar": "Images that you have relabelled or excluded here, in the class table. They count from the next run "
    "on; undo takes the changes back.",
    "ModelActions": "What a model is made for: classify new files or a large picture, export it for other programs, or "
    "write a report with all figures.",
    # Everywhere
    "StatusBar": "What the program does now, and what it runs on. Background work shows its progress here and can be "
    "cancelled.",
}
"""Paragraphs by object name, or by class where a part has no name of its own."""


def explain(window: QWidget) -> None:
    """Give the parts of a window their paragraphs; what is inside one shows that of the nearest part around it."""
    for widget in window.findChildren(QWidget):
        if not widget.whatsThis():
            text = TEXTS.get(widget.objectName()) or TEXTS.get(type(widget).__name__)
            if text:
                widget.setWhatsThis(f"<p>{escape(text, quote=False)}</p>")
