Console.WriteLine("tunesmith");
